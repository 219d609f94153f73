"""Errors to who asked, from both threads."""

import sys

import msgspec

from gama_operations.errors import CancelledError, OperationError
from gama_operations.failures import describe
from gama_operations.jobs import Job
from gama_operations.protocol import ErrorMessage, Id, Log, LogMessage
from gama_operations.wire import LineWriter


class ErrorAnswers:
    """What requests get that have no result."""

    def __init__(self, wire: LineWriter) -> None:
        self._wire = wire

    def tell(self, request_id: Id | None, error: BaseException) -> None:
        """Answer with the error, or log it where nobody asked."""
        failure = describe(error)
        if failure.code == "internal":
            sys.stderr.write(failure.traceback)
        if request_id is None:
            level = "error" if not isinstance(error, OperationError) else "warning"
            self._wire.send(LogMessage(Log(level, failure.message)))
            return
        try:
            self._wire.send(ErrorMessage(request_id, failure))
        except Exception:  # noqa: BLE001 # details that JSON cannot carry must not swallow the error itself
            self._wire.send(ErrorMessage(request_id, msgspec.structs.replace(failure, details={})))

    def abandon(self, dropped: list[Job], why: str) -> None:
        """Answer jobs that were taken out of the queue, and give back the room of what they had made."""
        for job in dropped:
            if job.call is not None:
                job.call.tensors.discard()
            self.tell(job.id, CancelledError(why))
