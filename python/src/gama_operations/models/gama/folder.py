"""A GAMA folder: config.json, model.safetensors (official names), tokenizer.json.

`config.json` = {"model_type": "gama", "name", "revision", "gama": {GamaConfig},
"language_model": {Hugging Face config with its model_type}, "default_prompt", "offers": [...],
"embedding": {"layer": ...}, "questions": {kind: regular expression}}.
"""

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import torch
from torch import nn

from gama_operations.errors import ModelInvalidError
from gama_operations.models.gama.checkpoint import load_weights, read_weights, save_weights
from gama_operations.models.gama.config import GamaConfig
from gama_operations.models.gama.model import Gama

DEFAULT_PROMPT = "Write an audio caption describing the sound."


@dataclass(frozen=True, slots=True)
class GamaFolder:
    """What config.json says."""

    gama: GamaConfig
    language_model: dict[str, Any]
    name: str | None = None
    revision: str | None = None
    default_prompt: str = DEFAULT_PROMPT
    offers: tuple[str, ...] = ()
    embedding: dict[str, Any] = field(default_factory=dict[str, Any])
    """`layer`: the default layer of `embed`."""
    questions: dict[str, str] = field(default_factory=dict[str, str])
    """Kind of question → regular expression that recognises it; a kind not in `offers` is refused."""

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Reads a folder's config.json.

        Raises:
            ModelInvalidError: the file is missing, is not JSON, or does not describe a GAMA.
        """
        file = folder / "config.json"
        try:
            values = json.loads(file.read_text())
        except (OSError, ValueError) as error:
            raise ModelInvalidError(f"{file} cannot be read: {error}") from error
        if not isinstance(values, dict) or values.get("model_type") != "gama":
            raise ModelInvalidError(f'{file} does not say "model_type": "gama"')
        absent = [key for key in ("gama", "language_model") if not isinstance(values.get(key), dict)]
        if absent:
            raise ModelInvalidError(f"{file} lacks {' and '.join(absent)}")
        return cls(
            gama=GamaConfig.from_dict(values["gama"]),
            language_model=values["language_model"],
            name=values.get("name"),
            revision=values.get("revision"),
            default_prompt=values.get("default_prompt", DEFAULT_PROMPT),
            offers=tuple(values.get("offers", ())),
            embedding=values.get("embedding", {}),
            questions=values.get("questions", {}),
        )

    def write(self, folder: Path) -> None:
        """Writes config.json."""
        values = {
            "model_type": "gama",
            "name": self.name,
            "revision": self.revision,
            "gama": self.gama.to_dict(),
            "language_model": self.language_model,
            "default_prompt": self.default_prompt,
            "offers": list(self.offers),
            "embedding": self.embedding,
            "questions": self.questions,
        }
        kept = {key: value for key, value in values.items() if value is not None}
        (folder / "config.json").write_text(json.dumps(kept, indent=2) + "\n")


def save_gama(folder: Path, model: Gama, description: GamaFolder, tokenizer: Path | None = None) -> None:
    """Writes a folder that `load_gama` reads: config, weights, and a copy of tokenizer.json."""
    folder.mkdir(parents=True, exist_ok=True)
    description.write(folder)
    save_weights(model, folder / "model.safetensors")
    if tokenizer is not None and tokenizer.resolve() != (folder / "tokenizer.json").resolve():
        shutil.copyfile(tokenizer, folder / "tokenizer.json")


def build_on_meta(config: GamaConfig, language_model: dict[str, Any]) -> Gama:
    """The model without memory: names, shapes and counts only."""
    with torch.device("meta"):
        return Gama.from_config(config, language_model)


def load_gama(folder: Path) -> Gama:
    """The trained model of a folder, on the CPU, in evaluation mode.

    Raises:
        ModelInvalidError: config or weights do not make the model; missing tensors are named.
    """
    return load_official(GamaFolder.read(folder), folder)


def load_official(description: GamaFolder, *sources: Path) -> Gama:
    """The model of the union of weights, for example a base folder and a stage checkpoint."""
    model = build_on_meta(description.gama, description.language_model)
    load_weights(model, read_weights(*sources))
    _restore_buffers(model)
    return model.eval().requires_grad_(requires_grad=False)


def random_gama(description: GamaFolder, seed: int) -> Gama:
    """The same architecture, freshly initialised: config.json alone is enough."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Gama.from_config(description.gama, description.language_model)
    return model.eval().requires_grad_(requires_grad=False)


def _restore_buffers(model: Gama) -> None:
    """Computes the buffers that no checkpoint holds (rotary frequencies), left on the meta device so far.

    Raises:
        ModelInvalidError: a buffer belongs to a module that its config alone does not make.
    """
    language_model = model.language_model
    for name, module in list(language_model.named_modules()):
        absent = [key for key, buffer in module.named_buffers(recurse=False) if buffer.is_meta]
        if not absent:
            continue
        try:
            fresh: nn.Module = type(module)(language_model.config)
            computed = dict(fresh.named_buffers(recurse=False))
            # buffers only: the parameters of a fresh module are random, and ours are loaded
            for key in absent:
                setattr(module, key, computed[key])
        except (TypeError, AttributeError, KeyError) as error:
            raise ModelInvalidError(
                f"the buffers {', '.join(absent)} of {name} ({type(module).__name__}) are in no checkpoint "
                f"and cannot be computed from the config: {error}"
            ) from error
