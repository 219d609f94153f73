"""A GAMA folder: config.json, model.safetensors (official names), tokenizer.json.

`config.json` = {"model_type": "gama", "name", "revision", "gama": {GamaConfig},
"language_model": {Hugging Face config with its model_type}, "default_prompt", "offers": [...],
"embedding": {"layer": ...}, "questions": {kind: regular expression}}.

Or a folder that names its parts and holds no weights (`composed.py` writes it):
{"model_type": "gama", "base": FOLDER, "checkpoint": FILE}, paths absolute or relative to the folder. The
language model's config and the tokenizer are then the base's, "gama" may be left out (the released sizes),
and "expects" may say what the base was.
"""

import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import msgspec

from gama_operations.errors import ModelInvalidError
from gama_operations.models.gama.base import BaseFacts, read_base_config
from gama_operations.models.gama.checkpoint import save_weights
from gama_operations.models.gama.config import GamaConfig
from gama_operations.models.gama.model import Gama
from gama_operations.models.gama.stated import DEFAULT_PROMPT, read_sizes, read_stated

__all__ = ["DEFAULT_PROMPT", "GamaFolder", "save_gama"]


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
    base: Path | None = None
    """Folder of the language model, where the weights are not in the folder itself."""
    checkpoint: Path | None = None
    """Stage checkpoint: the audio stack, and LoRA."""
    expects: BaseFacts | None = None
    """What the base has to be."""

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
        base, checkpoint = (_path(folder, values, key) for key in ("base", "checkpoint"))
        if base is None or checkpoint is None:
            needed = ("gama", "language_model")
            absent = [key for key in needed if not isinstance(values.get(key), dict)]
            if base is not checkpoint:
                absent.append("base" if base is None else "checkpoint")
            if absent:
                raise ModelInvalidError(f"{file} lacks {' and '.join(absent)}")
        elif "language_model" in values:
            raise ModelInvalidError(f"{file} states language_model and a base: the base's own config counts")
        stated = read_stated(file, values)
        return cls(
            gama=read_sizes(file, values.get("gama", {})),
            language_model=values["language_model"] if base is None else read_base_config(base),
            name=stated.name,
            revision=stated.revision,
            default_prompt=stated.default_prompt,
            offers=stated.offers,
            embedding=msgspec.to_builtins(stated.embedding),
            questions=stated.questions,
            base=base,
            checkpoint=checkpoint,
            expects=BaseFacts.from_dict(values["expects"]) if "expects" in values else None,
        )

    def sources(self, folder: Path) -> tuple[Path, ...]:
        """Where the weights are: in the folder, or in base and checkpoint.

        Raises:
            ModelInvalidError: the checkpoint is a folder.
        """
        if self.base is None or self.checkpoint is None:
            return (folder,)
        if self.checkpoint.is_dir():
            raise ModelInvalidError(f"the checkpoint {self.checkpoint} is a folder: name the file in it")
        return self.base, self.checkpoint

    def tokenizer(self, folder: Path) -> Path:
        """The folder with tokenizer.json."""
        own = (folder / "tokenizer.json").is_file()
        return folder if own or self.base is None else self.base

    def write(self, folder: Path) -> None:
        """Writes config.json."""
        values = {
            "model_type": "gama",
            "name": self.name,
            "revision": self.revision,
            "gama": self.gama.to_dict(),
            "language_model": self.language_model if self.base is None else None,
            "base": None if self.base is None else str(self.base),
            "checkpoint": None if self.checkpoint is None else str(self.checkpoint),
            "expects": None if self.expects is None else asdict(self.expects),
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


def _path(folder: Path, values: dict[str, Any], key: str) -> Path | None:
    """The path that a field states, from the folder's view.

    Raises:
        ModelInvalidError: it is no text.
    """
    stated = values.get(key)
    if stated is None:
        return None
    if not isinstance(stated, str):
        raise ModelInvalidError(f"{folder / 'config.json'}: `{key}` is no path")
    return folder / Path(stated).expanduser()
