"""Which files of a folder are a GAMA as it is released: a base (a language model) and a stage checkpoint."""

import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from gama_operations.errors import InvalidRequestError, ModelInvalidError, ModelNotFoundError
from gama_operations.models.registry import read_config
from gama_operations.models.store.choose import PICKLES, choose_files


@dataclass(frozen=True, slots=True)
class Parts:
    """Folder of the base, and file of the checkpoint; where that is a link, its own name tells what it is."""

    base: Path
    checkpoint: Path
    stated: bool = False
    """The folder's own config.json names them, and may tell more of the model."""


def find_parts(folder: Path, paths: list[str], base: Path | None, checkpoint: Path | None) -> Parts | None:
    """The parts that are named, or the only ones that there are; None where the folder is a model as it is.

    Args:
        folder: What is added.
        paths: Its files, relative.
        base: Absolute, or relative to the folder.
        checkpoint: The same.

    Raises:
        ModelNotFoundError: the folder is no model, and no two parts of one; or a part is not there.
        ModelInvalidError: its config.json names one part only.
        InvalidRequestError: there are several of a part; or parts are named, and the folder names its own.
    """
    config = _own_config(folder, named=base is not None or checkpoint is not None)
    if config is not None and not (config["model_type"] == "gama" and config.keys() & {"base", "checkpoint"}):
        return None
    if config is not None:
        base, checkpoint = (_stated(folder, config, key) for key in ("base", "checkpoint"))
    bases = [_part(folder, "base", base)] if base else _bases(folder, paths)
    checkpoints = (
        [_part(folder, "checkpoint", checkpoint)] if checkpoint else _checkpoints(folder, paths, bases)
    )
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
        raise ModelNotFoundError(f"no checkpoint at {checkpoints[0]}: it is a folder")
    return Parts(bases[0].resolve(), checkpoints[0], config is not None)


def _own_config(folder: Path, *, named: bool) -> dict[str, Any] | None:
    """The folder's config.json, where that says what the model is, and not the parts that are named.

    Raises:
        InvalidRequestError: both do.
    """
    if not (folder / "config.json").is_file():
        return None
    config = read_config(folder)
    if named and config["model_type"] == "gama":
        raise InvalidRequestError(
            f"{folder / 'config.json'} describes a GAMA: state base and checkpoint in it, or leave it out"
        )
    return None if named else config


def _stated(folder: Path, config: dict[str, Any], key: str) -> Path:
    if not isinstance(config.get(key), str) or not config[key]:
        raise ModelInvalidError(f"{folder / 'config.json'} states a base or a checkpoint, and no {key}")
    return Path(config[key])


def _part(folder: Path, what: str, stated: Path) -> Path:
    try:
        place = folder / stated.expanduser()
        place.stat()
    except (OSError, RuntimeError, ValueError) as error:  # not there, the `~` of nobody, or a NUL in it
        raise ModelNotFoundError(f"no {what} at {folder / stated}: {error}") from error
    return place


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
