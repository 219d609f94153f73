"""What one running request lends to its operation: progress, cancelling, memory, tensors."""

import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import msgspec

from gama_operations.errors import CancelledError
from gama_operations.memory import PhaseRecorder
from gama_operations.protocol import Progress
from gama_operations.tensors import CallTensors

if TYPE_CHECKING:  # the surface imports numpy
    from gama_operations.models.surface import RunContext

PROGRESS_INTERVAL = 0.05  # seconds: at most 20 reports a second


# Made for each request, however small: a Struct is made in a fifth of a dataclass's time.
class ProgressReporter(msgspec.Struct, eq=False):
    """Reports of one request, the latest one winning when they come faster than the wire wants them.

    The end of a stage is always told: what comes after it would leave it for ever short of its end.
    """

    _send: Callable[[Progress], bool]
    _last_sent: float = -PROGRESS_INTERVAL
    _waiting: Progress | None = None

    def __call__(self, stage: str, done: float, total: float, unit: str = "", message: str = "") -> None:
        """Report how far a stage has come."""
        waiting = self._waiting
        if waiting is not None and waiting.done >= waiting.total > 0 and waiting.stage != stage:
            self.flush()
        self._waiting = Progress(stage, done, total, unit, message)
        if time.monotonic() - self._last_sent >= PROGRESS_INTERVAL:
            self.flush()

    def flush(self) -> None:
        """Send the report that waits, if one does; the bridge does it before each answer."""
        if self._waiting is not None and self._send(self._waiting):
            self._last_sent = time.monotonic()
            self._waiting = None


class Cancellation(msgspec.Struct, eq=False):
    """Set by one thread and read by another. An Event would be a lock that nobody waits on."""

    requested: bool = False


class Call(msgspec.Struct, eq=False):
    """One running request, seen from its operation."""

    progress: ProgressReporter
    tensors: CallTensors
    cancellation: Cancellation = msgspec.field(default_factory=Cancellation)
    begin_memory: Callable[[], PhaseRecorder] = PhaseRecorder
    done: frozenset[int] = frozenset()
    """Where the answer comes in parts: what the client has from a process before."""
    _memory: PhaseRecorder | None = None

    @property
    def memory(self) -> PhaseRecorder:
        """Memory and time from here on: the counters are first read when an operation asks for them.

        Reading them takes as long as a whole small call.
        """
        if self._memory is None:
            self._memory = self.begin_memory()
        return self._memory

    def suspend(self) -> None:
        """Other jobs run until `resume`: their memory and their time are not this one's."""
        if self._memory is not None:
            self._memory.suspend()

    def resume(self) -> None:
        """It goes on."""
        if self._memory is not None:
            self._memory.resume()

    def importing(self, module: str) -> AbstractContextManager[None]:
        """The phase `import`, where the module is new: scipy and scikit-learn take memory and time, too."""
        return nullcontext() if module in sys.modules else self.memory.phase("import")

    def check(self) -> None:
        """Stop here if the caller gave up.

        Raises:
            CancelledError: it did.
        """
        if self.cancellation.requested:
            raise CancelledError("The request was cancelled.")

    @property
    def context(self) -> "RunContext":
        """The part that models see."""
        from gama_operations.models.surface import RunContext

        return RunContext(phase=self.memory.phase, check=self.check)
