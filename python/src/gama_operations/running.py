"""The mark that tells the client which request is worked on, also after this process was killed."""

import mmap
import os
import struct
from collections.abc import Mapping

from gama_operations.protocol import Id

_NUMBER = struct.Struct("<Q")
NOTHING = 0


class RunningMark:
    """Eight bytes of the client's memory: the id of the running request, or 0."""

    def __init__(self, memory: mmap.mmap | bytearray) -> None:
        self._memory = memory

    @classmethod
    def inherit(cls, environment: Mapping[str, str]) -> "RunningMark":
        """From the descriptor that GRYM_RUNNING_MARK names; without one the mark is nobody's."""
        name = environment.get("GRYM_RUNNING_MARK")
        if name is None:
            return cls(bytearray(_NUMBER.size))
        os.set_inheritable(int(name), False)
        return cls(mmap.mmap(int(name), _NUMBER.size))

    def set(self, request_id: Id) -> None:
        """A request is worked on from now, until its answer is written."""
        # Ids of text, and numbers that the mark has no room for, are other clients'.
        is_ours = isinstance(request_id, int) and 0 < request_id < 2**64
        _NUMBER.pack_into(self._memory, 0, request_id if is_ours else NOTHING)

    def clear(self) -> None:
        """Nothing is worked on."""
        _NUMBER.pack_into(self._memory, 0, NOTHING)
