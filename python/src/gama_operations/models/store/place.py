"""Where models are kept, and what they may be called.

`GRYM_CACHE/models/NAME/` is a model that is whole, with its manifest. One that is being fetched or made lies
in `GRYM_CACHE/models/.unfinished/NAME/`, and a rename makes it whole. Who works on a model holds the lock
`GRYM_CACHE/models/.unfinished/.locks/NAME.lock`.
"""

import os
import re
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from gama_operations.errors import InvalidRequestError

UNFINISHED = ".unfinished"
LISTING = "grym-download.json"
"""What an unfinished download is of; lies beside what was fetched."""
_LOCKS = ".locks"  # a name begins with no dot
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}")


def cache_folder() -> Path:
    """`GRYM_CACHE`, by default `~/.cache/grym-synth`; it need not exist."""
    root = os.environ.get("GRYM_CACHE")
    return Path(root) if root else Path.home() / ".cache" / "grym-synth"


def models_folder() -> Path:
    """`GRYM_CACHE/models`; it need not exist."""
    return cache_folder() / "models"


def is_name(text: str) -> bool:
    """Whether a model of the store can be called that."""
    return _NAME.fullmatch(text) is not None


def model_folder(name: str) -> Path:
    """Where the model of that name lies, or would.

    Raises:
        InvalidRequestError: that is no name, but perhaps a path: it could lead out of the store.
    """
    if not is_name(name):
        raise InvalidRequestError(
            f"{name!r} is no name for a model: letters, digits, `.`, `_` and `-`, the first one a letter or "
            "a digit, at most 96 of them"
        )
    return models_folder() / name


def unfinished_folder(name: str) -> Path:
    """Where the model of that name is put together before it is whole."""
    return model_folder(name).parent / UNFINISHED / name


@contextmanager
def locked(name: str) -> Generator[None]:
    """Keeps other processes from fetching, making or removing the same model meanwhile.

    Raises:
        InvalidRequestError: another one does so now.
    """
    folder = unfinished_folder(name).parent / _LOCKS
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / f"{name}.lock", timeout=0):
            yield
    except Timeout as error:
        raise InvalidRequestError(
            f"another process works on the model {name!r} now; wait for it, or end it"
        ) from error


def discard(place: Path) -> bool:
    """Deletes a folder, a file or a link, and nothing that a link leads to; whether something was there."""
    if not os.path.lexists(place):
        return False
    if place.is_symlink() or not place.is_dir():
        place.unlink()
    else:
        shutil.rmtree(place)
    return True
