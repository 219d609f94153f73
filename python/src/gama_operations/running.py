"""The mark that tells the client which request is worked on, also after this process was killed."""

import mmap
import os
from collections.abc import Mapping

from gama_operations.protocol import Id

BYTES = 8
NOTHING = 0


class RunningMark:
    """Eight bytes of the client's memory: the id of the running request, or 0."""

    def __init__(self, memory: mmap.mmap | bytearray) -> None:
        # In the order of the machine: little-endian wherever PyTorch has wheels, and Node reads it so.
        self._number = memoryview(memory).cast("Q")

    @classmethod
    def inherit(cls, environment: Mapping[str, str]) -> "RunningMark":
        """From the descriptor that GRYM_RUNNING_MARK names; without one the mark is nobody's."""
        name = environment.get("GRYM_RUNNING_MARK")
        if name is None:
            return cls(bytearray(BYTES))
        os.set_inheritable(int(name), False)
        return cls(mmap.mmap(int(name), BYTES))

    def set(self, request_id: Id) -> None:
        """A request is worked on from now, until its answer is written."""
        # Ids of text, and numbers that the mark has no room for, are other clients'.
        if isinstance(request_id, int) and 0 < request_id < 2**64:
            self._number[0] = request_id
        else:
            self._number[0] = NOTHING

    def clear(self) -> None:
        """Nothing is worked on."""
        self._number[0] = NOTHING
