"""Which files of a folder are a GAMA as it is released: a base (a language model) and a stage checkpoint."""

import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gama_operations.errors import InvalidRequestError, ModelNotFoundError
from gama_operations.models.registry import read_config
from gama_operations.models.store.choose import PICKLES, choose_files


@dataclass(frozen=True, slots=True)
class Parts:
    """Folder of the base, and file of the checkpoint."""

    base: Path
    checkpoint: Path
    stated: bool = False
    """The folder's own config.json names them, and may tell their sizes."""


def find_parts(folder: Path, paths: list[str], base: Path | None, checkpoint: Path | None) -> Parts | None:
    """The parts that are named, or the only ones that there are; None where the folder is a model as it is.

    Args:
        folder: What is added.
        paths: Its files, relative.
        base: Absolute, or relative to the folder.
        checkpoint: The same.

    Raises:
        ModelNotFoundError: the folder is no model, and no two parts of one; or a part is not there.
        InvalidRequestError: there are several of a part.
    """
    stated = False
    if base is None and checkpoint is None and (folder / "config.json").is_file():
        config = read_config(folder)
        if config["model_type"] != "gama" or "base" not in config:
            return None
        base, checkpoint, stated = Path(str(config["base"])), Path(str(config.get("checkpoint"))), True
    bases = [folder / base] if base else _bases(folder, paths)
    checkpoints = [folder / checkpoint] if checkpoint else _checkpoints(folder, paths, bases)
    for what, found in (("base", bases), ("checkpoint", checkpoints)):
        if len(found) > 1:
            shown = ", ".join(str(one.relative_to(folder)) for one in found)
            raise InvalidRequestError(
                f"{folder} has several files that may be the {what}: name one of {shown}"
            )
    if not bases or not checkpoints:
        absent = "base (a folder of a language model)" if not bases else "stage checkpoint"
        raise ModelNotFoundError(
            f"no model in {folder}: it has no config.json, and of the two parts of a GAMA no {absent}"
        )
    if not (bases[0] / "config.json").is_file():
        raise ModelNotFoundError(f"no base at {bases[0]}: it has no config.json")
    if not checkpoints[0].is_file():
        raise ModelNotFoundError(f"no checkpoint at {checkpoints[0]}")
    return Parts(bases[0].resolve(), checkpoints[0].resolve(), stated)


def _bases(folder: Path, paths: list[str]) -> list[Path]:
    found = [
        folder / PurePosixPath(path).parent for path in paths if PurePosixPath(path).name == "config.json"
    ]
    return sorted(place for place in found if _is_language_model(place / "config.json"))


def _is_language_model(config: Path) -> bool:
    try:
        values = json.loads(config.read_text())
    except (OSError, ValueError):
        return False
    return isinstance(values, dict) and {"vocab_size", "num_hidden_layers"} <= values.keys()


def _checkpoints(folder: Path, paths: list[str], bases: list[Path]) -> list[Path]:
    weights = [path for path in choose_files(paths) if path.endswith((".safetensors", *PICKLES))]
    return [
        folder / path for path in weights if not any((folder / path).is_relative_to(base) for base in bases)
    ]
