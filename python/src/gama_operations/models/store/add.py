"""A folder of the user's becomes a model of the store.

Its files are linked, not copied: 13 GB need not lie there twice. Pickles are converted into the store; the
folder is never written to.
"""

import os
import shutil
from pathlib import Path

from gama_operations.errors import InvalidRequestError, ModelNotFoundError
from gama_operations.models.registry import read_config
from gama_operations.models.store.choose import choose_files
from gama_operations.models.store.download import LISTING
from gama_operations.models.store.finish import finish
from gama_operations.models.store.manifest import FolderSource
from gama_operations.models.store.names import check_free
from gama_operations.models.store.place import locked, model_folder, unfinished_folder
from gama_operations.models.store.watch import Watch

DEEPEST = 3
MOST_FILES = 1_000
"""A model's folder has tens of files; a home folder given by mistake has millions."""


def add(folder: Path, name: str | None = None, *, watch: Watch) -> str:
    """Makes a model of the files of a folder.

    Args:
        folder: Has a config.json, and weights beside or below it.
        name: What it is called here; by default as the folder.
        watch: Told of the stages hash and convert.

    Returns:
        Its name.

    Raises:
        ModelNotFoundError: no such folder, or it has no config.json.
        ModelInvalidError: its config.json states no model_type, or a pickle holds more than tensors.
        InvalidRequestError: the name is taken, or none; the folder holds more than a model.
        DiskFullError: what is made from its pickles does not fit.
    """
    folder = folder.expanduser().resolve()
    if not (folder / "config.json").is_file():
        raise ModelNotFoundError(f"no model in {folder}: it has no config.json")
    read_config(folder)
    name = name or folder.name
    with locked(name):
        check_free(name)
        unfinished = unfinished_folder(name)
        if (unfinished / LISTING).exists():
            raise InvalidRequestError(
                f"a download is unfinished under the name {name!r}: go on with it, "
                f"`grym-synth model remove {name}`, or give this one another name"
            )
        shutil.rmtree(unfinished, ignore_errors=True)  # of a process that was killed
        unfinished.mkdir(parents=True)
        try:
            places = {path: (folder / path).resolve() for path in choose_files(_paths(folder))}
            finish(unfinished, model_folder(name), FolderSource(str(folder)), places, known={}, watch=watch)
        except BaseException:
            shutil.rmtree(unfinished)  # nothing in it took long to get
            raise
    return name


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
                f"{folder} holds more than {MOST_FILES:,} files: that is no model's folder"
            )
    return found
