"""Loading weights strictly, and writing them, by official names.

Forms taken: one state_dict of everything; a base folder (the language model) and a stage checkpoint (the
audio stack and LoRA, which may be merged into the language model instead); our own folder.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from safetensors.torch import save_file
from torch import Tensor

from gama_operations.models.gama.faults import Faults, listed
from gama_operations.models.gama.lora import without_adapters
from gama_operations.models.gama.model import Gama
from gama_operations.models.gama.plain_llama import PlainLlama
from gama_operations.models.gama.tensor_names import (
    PREFIX,
    SAVED_BUFFERS,
    canonical,
    of_audio,
    official,
    ours,
)
from gama_operations.models.gama.weight_files import Found, WeightSource

if TYPE_CHECKING:
    from transformers.core_model_loading import WeightRenaming


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What loading found beyond the tensors that it needed."""

    loaded: int
    buffers: tuple[str, ...]
    """Saved buffers of old checkpoints that are computed anew."""
    extras: tuple[str, ...]
    """Names in the files that no part of the model uses."""
    replaced: tuple[str, ...]
    """Names that a later source gave again: its tensors are the ones in the model."""
    merged_lora: bool
    """The config has LoRA, the weights hold it merged: the model has no adapters."""

    def notes(self) -> tuple[str, ...]:
        """What is out of the ordinary, a sentence each; extras are listed apart."""
        notes: list[str] = []
        if self.merged_lora:
            notes.append(
                "LoRA is taken as merged: the config has it, and the file holds the language model and no "
                "adapters"
            )
        if self.replaced:
            notes.append(
                f"{len(self.replaced)} tensors of the base were replaced by the checkpoint's: "
                f"{listed(self.replaced)}"
            )
        return tuple(notes)


def load_weights(model: Gama, *sources: WeightSource) -> LoadReport:
    """Loads tensors in any accepted naming; a model built on the meta device takes them as they are.

    A later source replaces an earlier one's tensors. Where no source holds adapters and the one with the
    audio stack holds the language model too, LoRA is taken as merged, and the model loses its adapters.

    Raises:
        ModelInvalidError: a tensor of the model is missing, has another shape, is of no floating-point type
            or holds NaN or infinity; two names mean the same tensor; or the checkpoint holds adapters that
            the config does not have. All faults are named at once.
    """
    faults = Faults()
    found, replaced = _union(model, sources, faults)
    merged = _holds_merged_lora(model, found)
    if merged:
        without_adapters(model.language_model)
        model.config = replace(model.config, lora=None)
    wanted = {official(name): tensor for name, tensor in model.state_dict().items()}
    for group in _tied(model):
        given = [found[name] for name in sorted(group) if name in found]
        if given:
            faults.check_tied(given)
            found |= dict.fromkeys(group, given[0])
    unused = {name: one for name, one in found.items() if name not in wanted}
    buffers = {name: one for name, one in unused.items() if _saved_buffer(model, name)}
    unknown = {name: one for name, one in unused.items() if name not in buffers}
    faults.check_missing(wanted, found, unknown, model.config)
    faults.check_forms(wanted, found)
    faults.check_adapters(one.name for name, one in unknown.items() if ".lora_" in name)
    faults.raise_if_any()
    faults.check_numbers(wanted, found)  # reads everything: last, and only where it is worth it
    faults.raise_if_any()
    state = {ours(name): found[name].tensor for name in wanted}
    model.load_state_dict(state, assign=_on_meta(model))
    model.language_model.tie_weights()
    return LoadReport(
        loaded=len(state),
        buffers=tuple(sorted(one.name for one in buffers.values())),
        extras=tuple(sorted(one.name for one in unknown.values())),
        replaced=tuple(sorted(replaced)),
        merged_lora=merged,
    )


def _union(
    model: Gama, sources: tuple[WeightSource, ...], faults: Faults
) -> tuple[dict[str, Found], set[str]]:
    """Tensors by official name, and the names that a later source gave again."""
    renamings = _renamings(model)
    union: dict[str, Found] = {}
    replaced: set[str] = set()
    for source in sources:
        mine: dict[str, Found] = {}
        doubles: list[tuple[str, str]] = []
        for name, tensor in source.tensors.items():
            known = _modern(canonical(name), renamings)
            if known in mine:
                doubles.append((mine[known].name, name))
            mine[known] = Found(name, tensor, source)
        faults.check_doubles(source.where, doubles)
        replaced |= union.keys() & mine.keys()
        union |= mine
    return union, {name for name in replaced if not _saved_buffer(model, name)}


def _renamings(model: Gama) -> "list[WeightRenaming]":
    """What transformers calls otherwise than older files; our own Llama has no older names."""
    if isinstance(cast("object", model.language_model), PlainLlama):
        return []
    from transformers.conversion_mapping import get_model_conversion_mapping
    from transformers.core_model_loading import WeightRenaming

    transforms = get_model_conversion_mapping(model.language_model)
    return [one for one in transforms if isinstance(one, WeightRenaming)]


def _modern(name: str, renamings: "list[WeightRenaming]") -> str:
    """The name that this version of transformers gives what older files call otherwise."""
    bare = name.removeprefix(PREFIX)
    for renaming in renamings:
        bare, _ = renaming.rename_source_key(bare)
    return name if of_audio(name) else PREFIX + bare


def _saved_buffer(model: Gama, name: str) -> bool:
    """Whether a name is that of a buffer which old checkpoints hold and which is computed anew."""
    patterns = getattr(model.language_model, "_keys_to_ignore_on_load_unexpected", None) or ()
    return name.endswith(SAVED_BUFFERS) or (
        not of_audio(name) and any(re.search(pattern, name) for pattern in patterns)
    )


def _holds_merged_lora(model: Gama, found: dict[str, Found]) -> bool:
    """No adapters anywhere, and what they would change comes from where the audio stack comes from.

    A stage checkpoint beside a base folder is another thing: without adapters it is one that lost them, or
    of a stage that had none, and the config has to say so.
    """
    if model.config.lora is None or any(".lora_" in name for name in found):
        return False
    audio = {one.source.where for name, one in found.items() if of_audio(name)}
    adapted = {
        official(f"language_model.{name.split('.lora_A.')[0]}.weight")
        for name in model.language_model.state_dict()
        if ".lora_A." in name
    }
    return {found[name].source.where for name in adapted if name in found} == audio != set()


def _tied(model: Gama) -> list[frozenset[str]]:
    """Groups of official names that are one tensor: a checkpoint may leave out all but one of each."""
    groups: defaultdict[int, set[str]] = defaultdict(set)
    for name, parameter in model.named_parameters(remove_duplicate=False):
        groups[id(parameter)].add(official(name))
    return [frozenset(names) for names in groups.values() if len(names) > 1]


def _on_meta(model: Gama) -> bool:
    return next(model.parameters()).is_meta


def official_state(model: Gama) -> dict[str, Tensor]:
    """All tensors by official name; of tied ones the first alone, which is the input's."""
    tensors = {official(name): tensor for name, tensor in model.state_dict().items()}
    order = list(tensors)
    for group in _tied(model):
        for name in sorted(group, key=order.index)[1:]:
            del tensors[name]
    return {name: tensor.detach().contiguous() for name, tensor in tensors.items()}


def save_weights(model: Gama, file: Path) -> None:
    """Writes `official_state` as safetensors."""
    save_file(official_state(model), file, metadata={"format": "pt"})
