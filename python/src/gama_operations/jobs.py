"""The queue between the reader thread and the model thread."""

import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Literal

import msgspec

from gama_operations.call import Call, Cancellation
from gama_operations.clients import Client
from gama_operations.errors import CancelledError
from gama_operations.protocol import Id, Priority
from gama_operations.streams import PartStream


class Job(msgspec.Struct, eq=False):
    """A request for the model thread, decoded and ready to run."""

    id: Id
    operation: str
    run: Callable[[Any, Call], msgspec.Struct]
    data: msgspec.Struct
    client: Client
    priority: Priority = "user"
    stream: PartStream | None = None
    """Where the answer comes in parts."""
    uploads: dict[int, bytearray] = {}
    cancellation: Cancellation = msgspec.field(default_factory=Cancellation)
    call: Call | None = None
    """Once it has begun."""


class JobQueue:
    """Jobs in the order of their arrival, a user's before those in the background; one runs at a time.

    A job that answers in parts and has no credit is parked: it neither waits nor runs, and others do.

    Args:
        end: Closes a job that was dropped after it had begun; called in the thread that takes.
    """

    def __init__(self, end: Callable[[Job], None]) -> None:
        self._end = end
        self._waiting: dict[Priority, deque[Job]] = {"user": deque(), "background": deque()}
        self._parked: list[Job] = []
        self._running: Job | None = None
        self._dropped: list[Job] = []  # begun, answered, and not closed yet
        self._closed = False
        self._input_ended = False
        self._lock = threading.Lock()
        self._sleeps = False
        # A C queue wakes a thread in a fifth of a Condition's time.
        self._wakes: SimpleQueue[None] = SimpleQueue()

    @property
    def busy(self) -> bool:
        """Whether a job runs."""
        return self._running is not None

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def put(self, job: Job) -> None:
        """Append a job."""
        with self._lock:
            self._waiting[job.priority].append(job)
            self._wake()

    def put_first(self, job: Job) -> None:
        """Let a job be the next one."""
        with self._lock:
            self._waiting["user"].appendleft(job)
            self._wake()

    def take(self) -> Job | None:
        """The next job, once there is one; None when the queue is closed and empty.

        Jobs that were dropped after they had begun end here, in the thread that ran them.
        """
        while True:
            with self._lock:
                self._running = None
                dropped, self._dropped = self._dropped, []
                if not dropped:
                    self._running = self._next()
                    if self._running is not None or (self._closed and not self._parked):
                        return self._running
                    self._sleeps = True
            for job in dropped:
                self._end(job)
            if not dropped:
                self._wakes.get()

    def spend(self, job: Job) -> bool:
        """Take credit for one part of the job that runs; False: it has none, and is parked.

        Raises:
            CancelledError: it has none, and nobody can give it any.
        """
        stream = job.stream
        if stream is None:
            raise RuntimeError("This answer is not asked for in parts.")
        with self._lock:
            if stream.credit > 0:
                stream.credit -= 1
                return True
            if self._input_ended or job.cancellation.requested:
                raise CancelledError("Nobody takes the next part of this answer.")
            self._parked.append(job)
            self._running = None
            return False

    def grant(self, job_id: Id, count: int) -> bool:
        """Credit for the stream of that id, which goes on before others; False when there is none."""
        with self._lock:
            running = [] if self._running is None else [self._running]
            waiting = [*self._waiting["user"], *self._waiting["background"]]
            found = [job for job in (*running, *waiting, *self._parked) if job.id == job_id]
            streams = [(job, job.stream) for job in found if job.stream is not None]
            for job, stream in streams:
                stream.credit += count
                if job in self._parked:
                    self._parked.remove(job)
                    self._waiting[job.priority].appendleft(job)
            self._wake()
        return bool(streams)

    def close(self) -> None:
        """No more jobs will come; those that wait are still worked, those that are parked with credit."""
        with self._lock:
            self._closed = True
            self._wake()

    def end_input(self) -> list[Job]:
        """No more jobs and no more credit will come.

        Returns:
            Those that were parked, to be answered by the caller.
        """
        with self._lock:
            self._closed = self._input_ended = True
            parked, self._parked = self._parked, []
            self._drop(parked)
        return parked

    def cancel(self, job_id: Id) -> tuple[Literal["queued", "running", "unknown"], list[Job]]:
        """Mark the running job, or take out those that wait or are parked, of that id.

        Returns:
            What was found, and the jobs that were taken out, to be answered by the caller.
        """
        with self._lock:
            dropped = self._remove(lambda job: job.id == job_id)
            if self._running is not None and self._running.id == job_id:
                self._running.cancellation.requested = True
                return "running", dropped
        return ("queued" if dropped else "unknown"), dropped

    def drop(self, client: Client) -> None:
        """Forget what a client asked that is gone: nobody is left to hear of it."""
        with self._lock:
            self._remove(lambda job: job.client is client)
            if self._running is not None and self._running.client is client:
                self._running.cancellation.requested = True

    # With the lock

    def _next(self) -> Job | None:
        if waiting := self._waiting["user"] or self._waiting["background"]:
            # Whatever was asked before the end is worked before.
            if waiting[0].operation == "shutdown" and self._parked:
                return None
            return waiting.popleft()
        return None

    def _remove(self, matches: Callable[[Job], bool]) -> list[Job]:
        removed: list[Job] = []
        for place in (self._waiting["user"], self._waiting["background"], self._parked):
            found = [job for job in place if matches(job)]
            for job in found:
                place.remove(job)
            removed += found
        self._drop(removed)
        return removed

    def _drop(self, jobs: list[Job]) -> None:
        self._dropped += [job for job in jobs if job.call is not None]
        self._wake()

    def _wake(self) -> None:
        if self._sleeps:
            self._sleeps = False
            self._wakes.put(None)
