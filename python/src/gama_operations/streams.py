"""Answers in parts: made one after another, and sent as far as the client has asked for."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from gama_operations.errors import InvalidRequestError
from gama_operations.requests import Envelope

if TYPE_CHECKING:  # which shows its stream to the operation
    from gama_operations.call import Call

Parts = Generator[msgspec.Struct, None, msgspec.Struct]
"""An operation that yields its parts and returns the result that ends them.

Between two parts other jobs may run: no phase of memory is open there, and no lock held.
"""
RunInParts = Callable[[Any, "Call"], Parts]


@dataclass(eq=False, slots=True)
class PartStream:
    """One answer in parts, from its request to its result."""

    run: RunInParts
    credit: int
    """Parts that the client takes now; changed under the lock of the queue."""
    done: frozenset[int]
    """What the client has from a process before: it is not made again."""
    sequence: int = 0
    """Number of the next part; this process's own count."""
    made: msgspec.Struct | None = None
    """A part that waits for credit."""
    _parts: Parts | None = None

    def advance(self, data: msgspec.Struct, call: "Call") -> msgspec.Struct | None:
        """Make the next part, where none waits.

        Returns:
            The result, when there are no more parts.
        """
        if self._parts is None:
            self._parts = self.run(data, call)
        if self.made is None:
            try:
                self.made = next(self._parts)
            except StopIteration as end:
                return end.value
        return None

    def close(self) -> None:
        """Nothing of it is wanted any more; in the model thread, to which the operation belongs."""
        self.made = None
        if self._parts is not None:
            self._parts.close()


def open_stream(envelope: Envelope, run: RunInParts | None) -> PartStream | None:
    """The stream that a request asks for; None: its answer comes whole.

    Raises:
        InvalidRequestError: the operation does not answer in parts; `done` without `credit`.
    """
    if envelope.credit is None:
        if envelope.done:
            raise InvalidRequestError("`done` is for answers in parts: give `credit`, too.")
        return None
    if run is None:
        raise InvalidRequestError(f"{envelope.operation} does not answer in parts: leave `credit` out.")
    return PartStream(run, envelope.credit, frozenset(envelope.done))
