"""The base of a GAMA: a Hugging Face folder of the language model, and what tells it from another one.

Another base of equal shapes would load without a word and answer nonsense, so that what shapes do not tell
is compared: the config, the ids of the prompt, and a sample of each weight.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, cast

from torch import Tensor

from gama_operations.errors import ModelInvalidError
from gama_operations.models.gama.prompt import TextCodec, instruction_prompt
from gama_operations.models.gama.tensor_names import SAVED_BUFFERS, canonical, of_audio

STATED = (
    "model_type",
    "vocab_size",
    "num_attention_heads",
    "max_position_embeddings",
    "rms_norm_eps",
    "layer_norm_eps",
    "layer_norm_epsilon",
    "bos_token_id",
    "eos_token_id",
)
"""Fields that a base's config.json must state, where its kind has them: a default may be another model's."""
WITHOUT_EFFECT = frozenset(
    {
        "_name_or_path",
        "architectures",
        "attention_dropout",
        "dtype",
        "initializer_range",
        "pad_token_id",
        "pretraining_tp",
        "torch_dtype",
        "transformers_version",
        "use_cache",
    }
)
"""Fields that change no number of an answer."""
SAMPLED = 16
"""Values of each tensor that go into the fingerprint."""


def read_base_config(folder: Path) -> dict[str, Any]:
    """A base's config.json, which must state everything that the shapes do not tell.

    Raises:
        ModelInvalidError: it is missing or damaged, of a kind that transformers does not know, or leaves a
            field to a default.
    """
    from transformers import AutoConfig

    file = folder / "config.json"
    values = _read(file)
    known = _normalised(values, file)
    aliases = AutoConfig.for_model(values["model_type"]).attribute_map
    unstated = [
        name for name in STATED if name in known and name not in values and aliases.get(name) not in values
    ]
    if unstated:
        raise ModelInvalidError(
            f"{file} does not state {', '.join(unstated)}: what transformers would put there may be another "
            "model's; take the config.json that belongs to the weights"
        )
    return values


def _read(file: Path) -> dict[str, Any]:
    try:
        values = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise ModelInvalidError(
            f"{file} cannot be read: {error}; a base is a folder as transformers writes it"
        ) from error
    if not isinstance(values, dict) or not isinstance(values.get("model_type"), str):
        raise ModelInvalidError(f"{file} states no model_type")
    return cast("dict[str, Any]", values)


def _normalised(values: dict[str, Any], where: object) -> dict[str, Any]:
    """Every field of the config, by today's names."""
    from transformers import AutoConfig

    others = {key: value for key, value in values.items() if key != "model_type"}
    try:
        config = AutoConfig.for_model(values.get("model_type", "llama"), **others)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise ModelInvalidError(f"{where} is no {values.get('model_type')} config: {error}") from error
    fields = config.to_dict()
    return {name: fields.get(name, getattr(config, name, None)) for name in {*fields, *config.attribute_map}}


def config_differences(expected: dict[str, Any], found: dict[str, Any], where: object) -> list[str]:
    """Fields with an effect in which two configs of a language model differ, each with both values."""
    one, other = _normalised(expected, "the model's config"), _normalised(found, where)
    return [
        f"{name} is {other.get(name)}, expected {one.get(name)}"
        for name in sorted({*one, *other} - WITHOUT_EFFECT)
        if one.get(name) != other.get(name)
    ]


def refuse_other_config(expected: dict[str, Any], folder: Path) -> None:
    """Compares the config of a folder of weights, where it has one of a language model, with the model's.

    Raises:
        ModelInvalidError: they differ in a field that shapes do not tell.
    """
    file = folder / "config.json"
    if not file.is_file():
        return
    found = _read(file)
    if found["model_type"] == "gama":
        return
    different = config_differences(expected, found, file)
    if different:
        raise ModelInvalidError(
            f"{folder} is another base than the model's config describes: {'; '.join(different)}"
        )


@dataclass(frozen=True, slots=True)
class BaseFacts:
    """What a base was when the model was put together."""

    config: dict[str, Any]
    prompt_ids: list[int] | None
    """Token ids of the model's own request; None for a base without tokenizer.json."""
    fingerprint: str

    @classmethod
    def of(cls, folder: Path, tensors: dict[str, Tensor], prompt: str) -> Self:
        """The facts of a folder as it is now.

        Raises:
            ModelInvalidError: config or tokenizer cannot be read.
        """
        config = read_base_config(folder)
        ids = None
        if (folder / "tokenizer.json").is_file():
            ids = TextCodec.read(folder, config["bos_token_id"]).encode(instruction_prompt(prompt))
        return cls(config, ids, fingerprint(tensors))

    @classmethod
    def from_dict(cls, values: object) -> Self:
        """From the JSON form.

        Raises:
            ModelInvalidError: a field is missing or unknown.
        """
        if not isinstance(values, dict) or values.keys() != {"config", "prompt_ids", "fingerprint"}:
            raise ModelInvalidError(
                "config.json: `expects` must state config, prompt_ids and fingerprint; leave it out, or put "
                "the model together again"
            )
        return cls(**values)

    def refuse_other(self, now: "BaseFacts", folder: Path) -> None:
        """Compares what the base was with what it is.

        Raises:
            ModelInvalidError: it is another one; everything that differs is named.
        """
        different = config_differences(self.config, now.config, folder / "config.json")
        if self.prompt_ids != now.prompt_ids:
            different.append(
                f"its tokenizer makes {now.prompt_ids} of the prompt, expected {self.prompt_ids}"
            )
        if self.fingerprint != now.fingerprint:
            different.append(
                f"its weights are others (fingerprint {now.fingerprint}, expected {self.fingerprint})"
            )
        if different:
            raise ModelInvalidError(
                f"{folder} is not the base that this model was put together with: {'; '.join(different)}. "
                "Put the right folder there; if this one is meant, put the model together again"
            )


def fingerprint(tensors: dict[str, Tensor]) -> str:
    """12 hex digits over names, shapes and the first values of a language model's tensors.

    The values are compared as float32. Training changes the first values of every tensor; damage further
    behind is not seen, which is what the checksums of files are for.
    """
    digest = hashlib.sha256()
    named = {canonical(name): tensor for name, tensor in tensors.items()}
    for name in sorted(named):
        if of_audio(name) or name.endswith(SAVED_BUFFERS):
            continue
        tensor = named[name]
        digest.update(f"{name} {list(tensor.shape)}\n".encode())
        if not tensor.is_meta:
            digest.update(tensor.flatten()[:SAMPLED].float().numpy().tobytes())
    return digest.hexdigest()[:12]
