"""What is wrong with weights, in sentences: what, in which file, and what to do about it."""

from collections.abc import Iterable, Mapping, Sequence, Set as AbstractSet
from typing import Any

import torch
from torch import Tensor

from gama_operations.errors import ModelInvalidError
from gama_operations.models.gama.config import GamaConfig
from gama_operations.models.gama.tensor_names import PREFIX, of_audio, unknown_prefix
from gama_operations.models.gama.weight_files import Found

NAMES_SHOWN = 20
LTU_PROJECTION = f"{PREFIX}model.audio_proj.1.weight"
QFORMER = f"{PREFIX}model.Qformer."
LTU_AS_WIDTH = 1280
"""Features of LTU-AS come from Whisper, and are this wide."""


def listed(names: Iterable[str]) -> str:
    """Names in order, at most NAMES_SHOWN of them."""
    ordered = sorted(names)
    more = f" and {len(ordered) - NAMES_SHOWN} more" if len(ordered) > NAMES_SHOWN else ""
    return ", ".join(ordered[:NAMES_SHOWN]) + more


class Faults:
    """Collects faults, so that one error names all of them."""

    def __init__(self) -> None:
        self.sentences: list[str] = []
        self.details: dict[str, Any] = {}

    def raise_if_any(self) -> None:
        """Ends the loading.

        Raises:
            ModelInvalidError: a fault was found.
        """
        if self.sentences:
            raise ModelInvalidError(". ".join(self.sentences), **self.details)

    def add(self, sentence: str, **details: Any) -> None:
        """Takes one fault."""
        self.sentences.append(sentence)
        self.details |= details

    def check_missing(
        self,
        wanted: Mapping[str, Tensor],
        found: Mapping[str, Found],
        unknown: Mapping[str, Found],
        config: GamaConfig,
    ) -> None:
        """Names what is missing and what the files hold in its place, and says what that looks like."""
        missing = wanted.keys() - found.keys()
        if not missing:
            return
        self._diagnose(
            _foreign_architecture(found, config),
            _foreign_prefix(unknown, missing),
            _half_a_model(missing, wanted),
            _lost_adapters(missing, wanted),
            "a file is not the whole checkpoint, or config.json describes another model",
        )
        where = _places(found.values())
        self.add(
            f"{len(missing)} of {len(wanted)} tensors are missing in {where}: {listed(missing)}",
            missing=sorted(missing),
        )
        if unknown:
            extras = sorted(one.name for one in unknown.values())
            self.add(f"{len(extras)} names belong to no part of the model: {listed(extras)}", extras=extras)

    def _diagnose(self, *diagnoses: str | None) -> None:
        """Takes the first that applies: the others are its consequences."""
        told = next(filter(None, diagnoses), None)
        if told is not None:
            self.add(told)

    def check_forms(self, wanted: Mapping[str, Tensor], found: Mapping[str, Found]) -> None:
        """Shapes and types; what is not a floating-point number is no weight."""
        ours = {name: found[name] for name in wanted if name in found}
        misshapen = {
            f"{one.name} is {list(one.tensor.shape)}, expected {list(wanted[name].shape)}": one
            for name, one in ours.items()
            if one.tensor.shape != wanted[name].shape
        }
        self._add_tensors(misshapen, "have the wrong shape", "config.json describes another model")
        mistyped = {
            f"{one.name} is {str(one.tensor.dtype).removeprefix('torch.')}": one
            for one in ours.values()
            if not (one.tensor.is_floating_point() and one.tensor.element_size() > 1)
        }
        self._add_tensors(
            mistyped,
            "are of no floating-point type",
            "quantised weights are not read, take the files of 16 or 32 bits",
        )

    def _add_tensors(self, told: Mapping[str, Found], what: str, way_out: str) -> None:
        if told:
            where = _places(told.values())
            self.add(f"{len(told)} tensors of {where} {what}: {listed(told)}; {way_out}")

    def check_numbers(self, wanted: Mapping[str, Tensor], found: Mapping[str, Found]) -> None:
        """NaN and infinity; the meta device has no numbers to look at."""
        wrong = {
            f"{one.name} {told}": one
            for name, one in found.items()
            if name in wanted and (told := _not_finite(one.tensor)) is not None
        }
        self._add_tensors(
            wrong, "hold NaN or infinity", "the training went wrong or the file is damaged, take another"
        )

    def check_tied(self, group: Iterable[Found]) -> None:
        """Names of one tensor must hold one tensor."""
        first, *others = group
        for other in others:
            if not (first.tensor.is_meta or other.tensor.is_meta or torch.equal(first.tensor, other.tensor)):
                self.add(
                    f"{first.name} and {other.name} differ, and the config ties them: "
                    'say "tie_word_embeddings": false, if it is the weights that are right'
                )

    def check_doubles(self, where: str, doubles: Sequence[tuple[str, str]]) -> None:
        """Two names that mean one tensor: the file does not say which counts."""
        if doubles:
            pairs = listed(f"{one} and {other}" for one, other in doubles)
            self.add(f"{where} holds {len(doubles)} tensors by two names each: {pairs}; take one of them out")

    def check_adapters(self, names: Iterable[str]) -> None:
        """Adapters that the model has no place for would be lost."""
        adapters = list(names)
        if adapters:
            self.add(f"LoRA adapters in the checkpoint, none in the config: {listed(adapters)}")


def _places(ones: Iterable[Found]) -> str:
    return " and ".join(sorted({one.source.where for one in ones}))


def is_ltu(names: AbstractSet[str]) -> bool:
    """Whether official names are an LTU checkpoint's: its one projection, and no Q-Former."""
    return LTU_PROJECTION in names and not any(name.startswith(QFORMER) for name in names)


def _not_finite(tensor: Tensor) -> str | None:
    if tensor.is_meta or tensor.numel() == 0:
        return None
    if all(bool(end.isfinite()) for end in tensor.aminmax()):  # which hands NaN through, and is fast
        return None
    places = (~tensor.isfinite()).nonzero()
    return f"({len(places)} of {tensor.numel()} values, the first at {places[0].tolist()})"


def _foreign_architecture(found: Mapping[str, Found], config: GamaConfig) -> str | None:
    if is_ltu(found.keys()):
        projection = found[LTU_PROJECTION]
        width = projection.tensor.shape[-1]
        if width == LTU_AS_WIDTH and config.embed_dim != width:
            return (
                f"{projection.source.where} is an LTU-AS checkpoint ({projection.name} reads features "
                f"{width} wide, of Whisper): only LTU is supported"
            )
        if config.architecture != "ltu":
            return (
                f"{projection.source.where} is an LTU checkpoint ({projection.name}, no Q-Former, no "
                'aggregator): say "architecture": "ltu" in `gama`'
            )
    if config.architecture == "ltu" and any(name.startswith(QFORMER) for name in found):
        return 'the weights are GAMA\'s, they have a Q-Former: say "architecture": "gama" in `gama`'
    return None


def _foreign_prefix(unknown: Mapping[str, Found], missing: AbstractSet[str]) -> str | None:
    prefix = unknown_prefix([one.name for one in unknown.values()], missing)
    if prefix is None:
        return None
    source = next(one.source for one in unknown.values() if one.name.startswith(prefix))
    count = sum(name.startswith(prefix) for name in source.tensors)
    every = "all" if count == len(source.tensors) else f"{count} of"
    return (
        f"{every} {len(source.tensors)} names of {source.where} begin with `{prefix}`, and without it they "
        "are names of this model: save the file again without it"
    )


def _half_a_model(missing: AbstractSet[str], wanted: Mapping[str, Tensor]) -> str | None:
    audio = {name for name in wanted if of_audio(name)}
    adapters = {name for name in wanted if ".lora_" in name}
    if missing - adapters == audio:
        return "the language model is there, the audio stack is not: name the stage checkpoint too"
    if missing - adapters == wanted.keys() - audio - adapters:
        return "the audio stack is there, the language model is not: name its base folder too"
    return None


def _lost_adapters(missing: AbstractSet[str], wanted: Mapping[str, Tensor]) -> str | None:
    adapters = {name for name in wanted if ".lora_" in name}
    lost = missing & adapters
    if not lost:
        return None
    if lost != adapters:
        return (
            f"half a LoRA: {len(lost)} of {len(adapters)} adapter tensors are missing, a file is not the "
            "whole checkpoint"
        )
    return (
        "no adapter is there, and the language model is the base's: this is no checkpoint of a stage with "
        'LoRA; of the first stage, which has none, say "lora": null in `gama`'
    )
