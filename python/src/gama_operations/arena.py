"""Two files in shared memory, for what is too large for a line.

The input arena belongs to Node: Node writes and grows it, Python only looks. The output arena
belongs to Python: Python allocates and grows it, Node copies out and releases. Both are unlinked
files, so nothing is left behind whichever side is killed. Each may have a reserve, a file on disk,
for what shared memory has no room for (Docker gives it 64 MB).

Before the bytes of each slot lies a header with its generation, 0 once it is free: a reference
that outlives its slot is told by it, and never read as what lies there since.
"""

import functools
import itertools
import math
import mmap
import os
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from gama_operations.errors import InvalidRequestError, StaleTensorError
from gama_operations.protocol import TensorReference

if TYPE_CHECKING:  # numpy is not imported before `ready`
    import numpy as np
    from numpy.typing import NDArray

Plane = Literal["shared_memory", "file", "json"]

ALIGNMENT = 64  # bytes: a cache line, and what torch's vector kernels like
HEADER_SIZE = ALIGNMENT  # bytes before each slot, of which the first eight are its generation
GENERATION = struct.Struct("<Q")
name_of = functools.cache(str)  # of a dtype: numpy takes longer to spell one than we to find it a slot
FIRST_SIZE = 1024 * 1024
LARGEST_STEP = 64 * 1024 * 1024
KEPT_SIZE = 128 * 1024 * 1024  # bytes that an arena keeps for good (sdk/bridge/arena.ts has the same)
KEPT_SECONDS = 10.0  # how long it keeps the rest when nothing is written there
LARGEST_SIZE, MOST_AXES = 2**40, 8  # far beyond what we send, and within what numpy takes


def plane_of(descriptor: int) -> Plane:
    """Where the file lies, by what the kernel calls it."""
    try:
        path = Path(f"/proc/self/fd/{descriptor}").readlink().as_posix()
    except OSError:  # no /proc: then there is no /dev/shm either
        return "file"
    return "shared_memory" if path.startswith(("/dev/shm/", "/memfd:")) else "file"  # noqa: S108 # the mount's name


@functools.cache
def size_of(dtype: str) -> int:
    """Bytes of one number."""
    import numpy as np

    return np.dtype(dtype).itemsize


def count_bytes(reference: TensorReference) -> int:
    """Bytes that a tensor of that type and shape takes."""
    shape = reference.shape
    if shape and (min(shape) < 0 or max(shape) > LARGEST_SIZE or len(shape) > MOST_AXES):
        raise InvalidRequestError(
            f"A tensor's shape has at most {MOST_AXES} sizes from 0 to {LARGEST_SIZE}, got {shape}."
        )
    return math.prod(shape) * size_of(reference.dtype)


class InputArena:
    """A client's arena: views of its tensors, mapped on demand."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._map: mmap.mmap | None = None

    @property
    def plane(self) -> Plane:
        """Where it lies."""
        return plane_of(self._descriptor)

    def view(self, reference: TensorReference) -> "NDArray[Any]":
        """A read-only view without a copy; it holds until the operation has answered.

        Raises:
            StaleTensorError: the reference lies outside the arena, or its slot is another one's by now.
        """
        import numpy as np

        if reference.offset is None:
            raise InvalidRequestError("A tensor needs `offset` (in the arena) or `base64`.")
        size = count_bytes(reference)
        if size == 0:
            return np.zeros(reference.shape, reference.dtype)
        mapped = self._reach(reference.offset, size)
        (found,) = GENERATION.unpack_from(mapped, reference.offset - HEADER_SIZE)
        if found != reference.generation:
            raise StaleTensorError(
                f"A tensor of slot {reference.generation} is no longer there: slot {found} is, or none (0)."
            )
        return np.ndarray(reference.shape, reference.dtype, mapped, reference.offset)

    def close(self) -> None:
        """The client is gone. The map lives on for as long as a view of it does."""
        self._map = None
        os.close(self._descriptor)

    def _reach(self, offset: int, size: int) -> mmap.mmap:
        """The map, made anew when the client has grown the file beyond it."""
        end = offset + size
        # What the file once had of its first bytes it keeps.
        if offset >= HEADER_SIZE and self._map is not None and end <= min(len(self._map), KEPT_SIZE):
            return self._map
        # Of the file, each time: behind an end that has moved is SIGBUS. Asking lets other threads run,
        # and to be let in again takes longer than all of this.
        length = os.fstat(self._descriptor).st_size if self._map is None else self._map.size()
        if offset < HEADER_SIZE or end > length:
            raise StaleTensorError(
                f"A tensor at byte {offset}, {size} bytes long, lies outside the arena of {length} bytes."
            )
        if self._map is None or end > len(self._map):
            # The old map lives on for as long as a view of it does.
            self._map = mmap.mmap(self._descriptor, length, access=mmap.ACCESS_READ)
        return self._map


@dataclass(frozen=True, slots=True)
class Slot:
    """A piece of the output arena that its client has not released yet."""

    generation: int
    start: int
    size: int
    """Of the header and what is behind it, bytes."""
    owner: int


class OutputArena:
    """Our arena: first-fit slots, each with a generation of its own, freed by `release`.

    Args:
        descriptor: Its file.
        kept_seconds: How long it stays larger than 128 MiB when nothing is written there.
        reserve: Takes what has no room here. Its slots have no generation that ours have.
    """

    def __init__(
        self, descriptor: int, kept_seconds: float = KEPT_SECONDS, reserve: "OutputArena | None" = None
    ) -> None:
        self._descriptor = descriptor
        self._reserve = reserve
        self._generations = itertools.count(1) if reserve is None else reserve.generations
        self._kept_seconds = kept_seconds
        self._shrinking: threading.Timer | None = None
        self._rest_needed = False
        self._size = 0
        self._map: mmap.mmap | None = None
        self._slots: dict[int, Slot] = {}
        self._lock = threading.Lock()

    @property
    def generations(self) -> Iterator[int]:
        """Of the slots to come, for the arena that this one is the reserve of."""
        return self._generations

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self._size

    @property
    def in_use(self) -> int:
        """Bytes that have not been released, of the reserve too."""
        own = sum(slot.size for slot in self._slots.values())
        return own if self._reserve is None else own + self._reserve.in_use

    def allocate(
        self, dtype: "np.dtype[Any]", shape: tuple[int, ...], owner: int = 0
    ) -> "tuple[TensorReference, NDArray[Any]]":
        """A slot, as the reference that the client `owner` gets and the array to fill.

        Raises:
            OSError: no file can grow (ENOSPC: the shared memory of the machine is full, and its disk).
        """
        try:
            return self._allocate(dtype, shape, owner)
        except OSError:
            if self._reserve is None:
                raise
            reference, array = self._reserve.allocate(dtype, shape, owner)
            return msgspec.structs.replace(reference, reserve=True), array

    def _allocate(
        self, dtype: "np.dtype[Any]", shape: tuple[int, ...], owner: int
    ) -> "tuple[TensorReference, NDArray[Any]]":
        import numpy as np

        count = math.prod(shape)
        with self._lock:
            slot = self._take(HEADER_SIZE + max(count * dtype.itemsize, 1), owner)
            try:
                mapped = self._reach(slot.start + slot.size)
            except OSError:  # no address space left, say
                del self._slots[slot.generation]
                raise
            GENERATION.pack_into(mapped, slot.start, slot.generation)
        offset = slot.start + HEADER_SIZE
        array = np.frombuffer(mapped, dtype, count, offset).reshape(shape)
        reference = TensorReference(
            dtype=name_of(dtype),  # pyright: ignore[reportArgumentType] # checked by CallTensors.write
            shape=list(shape),
            offset=offset,
            generation=slot.generation,
        )
        return reference, array

    def release(self, generation: int, owner: int = 0) -> bool:
        """Free a slot; False when the owner has none of that generation."""
        with self._lock:
            slot = self._slots.get(generation)
            if slot is not None and slot.owner == owner:
                self._free(slot)
                return True
        return self._reserve is not None and self._reserve.release(generation, owner)

    def release_all(self, owner: int) -> int:
        """Free every slot of a client that is gone; how many it had."""
        with self._lock:
            owned = [slot for slot in self._slots.values() if slot.owner == owner]
            for slot in owned:
                self._free(slot)
        return len(owned) + (0 if self._reserve is None else self._reserve.release_all(owner))

    def _free(self, slot: Slot) -> None:
        del self._slots[slot.generation]
        GENERATION.pack_into(self._reach(slot.start + slot.size), slot.start, 0)

    def _take(self, size: int, owner: int) -> Slot:
        size = _round_up(size, ALIGNMENT)
        start = self._first_gap(size)
        self._grow(start + size)
        self._rest_needed |= start + size > KEPT_SIZE
        slot = Slot(next(self._generations), start, size, owner)
        self._slots[slot.generation] = slot
        return slot

    def _first_gap(self, size: int) -> int:
        end = 0
        for slot in sorted(self._slots.values(), key=lambda slot: slot.start):
            if slot.start - end >= size:
                return end
            end = slot.start + slot.size
        return end

    def _grow(self, needed: int) -> None:
        if needed <= self._size:
            return
        step = min(max(self._size, FIRST_SIZE), LARGEST_STEP)
        size = _round_up(max(needed, self._size + step), mmap.PAGESIZE)
        # Pages are claimed now: through the map, a full /dev/shm would be SIGBUS instead of an error.
        os.posix_fallocate(self._descriptor, self._size, size - self._size)
        self._size = size
        if size > KEPT_SIZE and self._shrinking is None:
            self._shrink_later()

    def _shrink_later(self) -> None:
        self._rest_needed = False
        self._shrinking = threading.Timer(self._kept_seconds, self._shrink)
        self._shrinking.daemon = True
        self._shrinking.start()

    def _shrink(self) -> None:
        """Give back what a burst needed."""
        with self._lock:
            # Who still wrote behind the new end would die of SIGBUS: only while no slot is in use.
            if self._rest_needed or self._slots:
                self._shrink_later()
                return
            self._shrinking = None
            os.ftruncate(self._descriptor, KEPT_SIZE)
            self._size = KEPT_SIZE
            self._map = None

    def _reach(self, end: int) -> mmap.mmap:
        if self._map is None or end > len(self._map):
            self._map = mmap.mmap(self._descriptor, self._size)
        return self._map


def _round_up(size: int, step: int) -> int:
    return -(-size // step) * step
