"""Answers in parts: as many on their way as the client has asked for, and no more."""

import threading
from collections.abc import Callable

import msgspec


class PartStream:
    """The parts of one answer.

    Sending waits for the client's credit in the model thread; `grant` and `wake` come from the reader.
    """

    def __init__(self, credit: int, send: Callable[[int, msgspec.Struct], None]) -> None:
        self._credit = credit
        self._send = send
        self._sequence = 0
        self._changed = threading.Condition()

    def send(self, part: msgspec.Struct, check: Callable[[], None]) -> None:
        """Hand over a part, once the client wants one more.

        Args:
            part: What the operation's row of the protocol names as `part`.
            check: Raises where the caller gave up; called again after each `wake`.
        """
        with self._changed:
            while True:
                check()
                if self._credit > 0:
                    break
                self._changed.wait()
            self._credit -= 1
        self._send(self._sequence, part)
        self._sequence += 1

    def grant(self, count: int) -> None:
        """The client takes so many more."""
        with self._changed:
            self._credit += count
            self._changed.notify()

    def wake(self) -> None:
        """Look again whether the caller gave up."""
        with self._changed:
            self._changed.notify()
