"""Who watches long work: progress in bytes, and a way to stop it."""

from collections.abc import Callable
from dataclasses import dataclass, field


def _unheard(_stage: str, _done: float, _total: float, _unit: str, _message: str) -> None:
    """Progress that nobody asked for."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What the caller lends to work on the store."""

    report: Callable[[str, float, float, str, str], None] = _unheard
    """Stage, done, total, unit, message."""
    check: Callable[[], None] = field(default=lambda: None)
    """Raises Cancelled when the caller gave up."""


class ByteCounter:
    """Progress of one stage over several files."""

    def __init__(self, watch: Watch, stage: str, total: int) -> None:
        self._watch, self._stage, self._total = watch, stage, total
        self._done = 0
        self.file = ""

    def add(self, count: int) -> None:
        """So many bytes more; negative where some have to come again."""
        self._watch.check()
        self._done += count
        self._watch.report(self._stage, self._done, self._total, "bytes", self.file)
