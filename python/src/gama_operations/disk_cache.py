"""What was computed before, on disk, for every process: features (`feature_entries.py`) and answers
(`answers_kept.py`).

One file for each entry, in `GRYM_CACHE/computed/`, named by its key (`cache_key.py`). A file is written
beside its place and renamed into it, so that no process ever sees half of one; what is read must have the
checksum that was written. The least recently used files go when all together exceed the limit:
GRYM_FEATURE_CACHE_MB, by default 1024 (a million clips of gama-tiny's 192 numbers), and 0 for no cache.
A cache that cannot be read or written costs time, and never a result.
"""

import logging
import os
import threading
import time
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from gama_operations.errors import InvalidRequestError

log = logging.getLogger(__name__)

LIMIT = "GRYM_FEATURE_CACHE_MB"
DEFAULT_MEGABYTES = 1024
KEPT_SHARE = 0.9
"""Of the limit, when room is made: not again for each entry that follows."""
LOOK_AGAIN_SHARE = 0.05
"""Of the limit: so much may be written before the other processes' files are counted again."""
ABANDONED_SECONDS = 3600.0
"""A file beside its place that is older was left by a process that died."""
_MAGIC = b"grym computed 1\n"
_DIGEST_BYTES = 16


class DiskCache:
    """Entries by key in a folder, which other processes share.

    Args:
        folder: Made with the first entry.
        max_bytes: Of all files together; processes that write at once may exceed it by LOOK_AGAIN_SHARE each.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._counted: int | None = None
        self._written = 0
        self._lock = threading.Lock()
        self._complained = False

    def get(self, key: str) -> bytes | None:
        """The entry, which thereby is recently used; a damaged one is removed and told in the log."""
        file = self._place(key)
        try:
            data = file.read_bytes()
            os.utime(file)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._complain(error)
            return None
        begin = len(_MAGIC) + _DIGEST_BYTES
        content = data[begin:]
        if data[:begin] != _head(content):
            log.warning("The cached entry %s is damaged: it is removed and computed again.", file)
            file.unlink(missing_ok=True)
            return None
        return content

    def put(self, key: str, content: bytes) -> None:
        """Keep an entry, where it fits at all."""
        data = _head(content) + content
        if len(data) > self._max_bytes:
            return
        file = self._place(key)
        unfinished = file.with_name(f".{file.name}.{os.getpid()}.{threading.get_ident()}")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_bytes(data)
            unfinished.replace(file)
            self._make_room(len(data))
        except OSError as error:
            self._complain(error)

    def _place(self, key: str) -> Path:
        return self._folder / key[:2] / key[2:]

    def _make_room(self, more: int) -> None:
        with self._lock:
            self._written += more
            is_old = self._written > self._max_bytes * LOOK_AGAIN_SHARE
            if self._counted is not None and not is_old and self._counted + self._written <= self._max_bytes:
                return
            self._counted, self._written = self._evict(), 0

    def _evict(self) -> int:
        """Remove what is too much; the bytes that are left."""
        from filelock import FileLock, Timeout  # which `ready` need not wait for

        files = sorted(self._files())
        total = sum(size for _, size, _ in files)
        if total <= self._max_bytes:
            return total
        try:
            with FileLock(self._folder / "room.lock", timeout=0):
                for _, size, file in files:
                    if total <= self._max_bytes * KEPT_SHARE:
                        break
                    file.unlink(missing_ok=True)
                    total -= size
        except Timeout:  # another process makes room now
            return self._max_bytes
        return total

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        """When each entry was used last, its bytes, and where it is."""
        for folder in self._folder.glob("[0-9a-f][0-9a-f]"):
            for item in os.scandir(folder):
                try:
                    facts = item.stat()
                except FileNotFoundError:  # removed by another process
                    continue
                if not item.name.startswith("."):
                    yield facts.st_mtime, facts.st_size, Path(item.path)
                elif time.time() - facts.st_mtime > ABANDONED_SECONDS:
                    Path(item.path).unlink(missing_ok=True)

    def _complain(self, error: OSError) -> None:
        """Once: a full disk would fill the log, too."""
        if not self._complained:
            self._complained = True
            log.warning("The cache at %s cannot be used: %s", self._folder, error)


def open_cache() -> DiskCache | None:
    """The cache that the environment names; None where it is switched off.

    Raises:
        InvalidRequestError: GRYM_FEATURE_CACHE_MB is no number of megabytes.
    """
    from gama_operations.models.store.place import cache_folder

    stated = os.environ.get(LIMIT, "")
    try:
        megabytes = float(stated or DEFAULT_MEGABYTES)
    except ValueError:
        megabytes = -1.0
    if not 0 <= megabytes < float("inf"):
        raise InvalidRequestError(f"{LIMIT}={stated} is no number of megabytes: set it to one, or unset it")
    return _cache_at(cache_folder() / "computed", round(megabytes * 1_000_000)) if megabytes else None


@lru_cache(maxsize=1)
def _cache_at(folder: Path, max_bytes: int) -> DiskCache:
    return DiskCache(folder, max_bytes)


def _head(content: bytes) -> bytes:
    """What stands in front of an entry."""
    return _MAGIC + blake2b(content, digest_size=_DIGEST_BYTES).digest()
