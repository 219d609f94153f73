"""A folder of the user's becomes a model of the store.

Its files are linked, not copied: 13 GB need not lie there twice. Pickles are converted into the store; the
folder is never written to.
"""

import os
from pathlib import Path

from gama_operations.errors import InvalidRequestError, ModelInvalidError, ModelNotFoundError
from gama_operations.models.registry import read_config
from gama_operations.models.store.choose import choose_files, safe_path
from gama_operations.models.store.finish import finish, settle
from gama_operations.models.store.manifest import FolderSource, ModelFile, describe_file, digest
from gama_operations.models.store.names import check_free
from gama_operations.models.store.parts import Parts, find_parts
from gama_operations.models.store.place import LISTING, discard, locked, model_folder, unfinished_folder
from gama_operations.models.store.watch import Watch

DEEPEST = 3
MOST_FILES = 1_000
"""A model's folder has tens of files; a home folder given by mistake has millions."""
BASE = "base"
CHECKPOINT = "checkpoint"


def add(
    folder: Path,
    name: str | None = None,
    *,
    base: Path | None = None,
    checkpoint: Path | None = None,
    watch: Watch,
) -> str:
    """Makes a model of the files of a folder.

    Args:
        folder: Has a config.json and weights; or a base and a stage checkpoint somewhere below.
        name: What it is called here; by default as the folder.
        base: Folder of the language model, where the folder has several or none; relative to it, or absolute.
        checkpoint: The stage checkpoint, in the same way.
        watch: Told of the stages hash, convert and compose.

    Returns:
        Its name.

    Raises:
        ModelNotFoundError: no such folder, or neither a model nor both parts of one are in it.
        ModelInvalidError: its config.json states no model_type, it has no weights, a pickle holds more than
            tensors, or base and checkpoint make no model: missing tensors are named.
        InvalidRequestError: the name is taken, or none; the folder holds more than a model, or two files that
            would become one; it says itself which its base and checkpoint are.
        DiskFullError: what is made from its pickles does not fit.
    """
    folder = _found(folder)
    paths = _paths(folder)
    parts = find_parts(folder, paths, base, checkpoint)
    places = _whole(folder, paths) if parts is None else _places_of(parts)
    name = folder.name if name is None else name
    with locked(name):
        check_free(name)
        unfinished = unfinished_folder(name)
        if (unfinished / LISTING).exists():
            raise InvalidRequestError(
                f"a download is unfinished under the name {name!r}: go on with it, "
                f"`grym-synth model remove {name}`, or give this one another name"
            )
        discard(unfinished)  # of a process that was killed
        unfinished.mkdir(parents=True)
        try:
            files = finish(unfinished, places, known={}, watch=watch)
            if parts is not None:
                files = [*files, _compose(unfinished, folder, name, parts, watch)]
            source = FolderSource(str(folder), *(str(part) if part else None for part in (base, checkpoint)))
            settle(unfinished, model_folder(name), source, files)
        except BaseException:
            discard(unfinished)  # nothing in it took long to get
            raise
    return name


def _found(folder: Path) -> Path:
    try:
        place = folder.expanduser().resolve()
        if place.is_dir():
            return place
    except (OSError, RuntimeError, ValueError) as error:  # too long, the `~` of nobody, or a NUL in it
        raise ModelNotFoundError(f"no folder {str(folder)!r}: {error}") from error
    raise ModelNotFoundError(f"no folder {place}")


def _whole(folder: Path, paths: list[str]) -> dict[str, Path]:
    """The files of a folder that is a model as it is."""
    read_config(folder)
    places = _places(folder, paths)
    if not any(safe_path(path).endswith(".safetensors") for path in places):
        raise ModelInvalidError(f"{folder} has a config.json and no weights")
    return places


def _places(folder: Path, paths: list[str]) -> dict[str, Path]:
    return {path: (folder / path).resolve() for path in choose_files(paths)}


def _places_of(parts: Parts) -> dict[str, Path]:
    checkpoint = parts.checkpoint.resolve()
    # a language model's folder is flat; stages may lie below it
    flat = [file.name for file in parts.base.iterdir() if file.is_file()]
    below = {path: place for path, place in _places(parts.base, flat).items() if place != checkpoint}
    base = {f"{BASE}/{path}": place for path, place in below.items()}
    return base | {f"{CHECKPOINT}/{parts.checkpoint.name}": checkpoint}


def _compose(unfinished: Path, folder: Path, name: str, parts: Parts, watch: Watch) -> ModelFile:
    """Writes the config.json of base and checkpoint, which loads them once: what is wrong is told now."""
    from gama_operations.models.gama.composed import compose
    from gama_operations.models.gama.folder import GamaFolder

    watch.report("compose", 0, 1, "", "")
    compose(
        unfinished,
        base=unfinished / BASE,
        checkpoint=unfinished / safe_path(f"{CHECKPOINT}/{parts.checkpoint.name}"),
        name=name,
        said=GamaFolder.read(folder) if parts.stated else None,
    )
    watch.report("compose", 1, 1, "", "")
    config = unfinished / "config.json"
    return describe_file(unfinished, config.name, digest(config, lambda _count: None))


def _paths(folder: Path) -> list[str]:
    """Files of the folder, relative, with `/`.

    Raises:
        InvalidRequestError: there are too many for a model.
    """
    found: list[str] = []
    for place, folders, files in os.walk(folder):
        below = Path(place).relative_to(folder)
        folders[:] = [] if len(below.parts) >= DEEPEST else [name for name in folders if name[0] != "."]
        found += [(below / file).as_posix() for file in files]
        if len(found) > MOST_FILES:
            raise InvalidRequestError(
                f"{folder} has more than {MOST_FILES:,} files: that is no model's folder"
            )
    return found
