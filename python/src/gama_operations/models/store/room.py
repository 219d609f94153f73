"""Room on the disk: asked before anything is fetched or written."""

import errno
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from gama_operations.errors import DiskFullError


def check_room(folder: Path, needed: int, what: str) -> None:
    """Go on only if so many bytes fit.

    Raises:
        DiskFullError: they do not; `needed` and `free` say by how much.
    """
    there = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(there).free
    if needed > free:
        raise DiskFullError(
            f"{what} needs {needed:,} bytes, and {free:,} are free at {there}: make room, or let GRYM_CACHE "
            "name a folder on a larger disk",
            needed=needed,
            free=free,
            folder=str(there),
        )


@contextmanager
def running_out_is_told(folder: Path) -> Generator[None]:
    """Names the error of a disk that got full after it had been asked.

    Raises:
        DiskFullError: no room was left.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise DiskFullError(
            f"no room is left at {folder}: {error.strerror}. What was fetched stays there: make room, and "
            "run the same again",
            free=shutil.disk_usage(folder).free,
            folder=str(folder),
        ) from error
