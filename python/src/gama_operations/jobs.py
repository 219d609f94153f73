"""The queue between the reader thread and the model thread."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, Literal

import msgspec

from gama_operations.call import Call, Cancellation
from gama_operations.clients import Client
from gama_operations.protocol import Id, Priority
from gama_operations.streams import PartStream


@dataclass(eq=False, slots=True)
class Job:
    """A request for the model thread, decoded and ready to run."""

    id: Id
    operation: str
    run: Callable[[Any, Call], msgspec.Struct]
    data: msgspec.Struct
    client: Client
    priority: Priority = "user"
    stream: PartStream | None = None
    cancellation: Cancellation = field(default_factory=Cancellation)

    def cancel(self) -> None:
        """Stop it at its next look, also where it waits for credit."""
        self.cancellation.requested = True
        if self.stream is not None:
            self.stream.wake()


class JobQueue:
    """Jobs in the order of their arrival, a user's before those in the background; one runs at a time."""

    def __init__(self) -> None:
        self._waiting: dict[Priority, deque[Job]] = {"user": deque(), "background": deque()}
        self._running: Job | None = None
        self._closed = False
        self._lock = threading.Lock()
        # One for each reason to look: a C queue wakes a thread in a fifth of a Condition's time.
        self._looks: SimpleQueue[None] = SimpleQueue()

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
        self._looks.put(None)

    def put_first(self, job: Job) -> None:
        """Let a job be the next one."""
        with self._lock:
            self._waiting["user"].appendleft(job)
        self._looks.put(None)

    def take(self) -> Job | None:
        """The next job, once there is one; None when the queue is closed and empty."""
        with self._lock:
            self._running = None
        while True:
            self._looks.get()
            with self._lock:
                if waiting := self._waiting["user"] or self._waiting["background"]:
                    self._running = waiting.popleft()
                    return self._running
            if self._closed:  # else the job was cancelled meanwhile
                return None

    def close(self) -> None:
        """No more jobs will come; those that wait are still worked."""
        self._closed = True
        self._looks.put(None)

    def cancel_streams(self) -> None:
        """Nobody is left who could ask for more parts."""
        with self._lock:
            for job in self._all():
                if job.stream is not None:
                    job.cancel()

    def grant(self, job_id: Id, count: int) -> bool:
        """Credit for the stream of that id; False when there is none."""
        with self._lock:
            streams = [job.stream for job in self._all() if job.id == job_id and job.stream is not None]
        for stream in streams:
            stream.grant(count)
        return bool(streams)

    def _all(self) -> list[Job]:
        running = [] if self._running is None else [self._running]
        return [*running, *self._waiting["user"], *self._waiting["background"]]

    def cancel(self, job_id: Id) -> tuple[Literal["queued", "running", "unknown"], list[Job]]:
        """Mark the running job, or take out the waiting ones, of that id.

        Returns:
            What was found, and the jobs that were taken out, to be answered by the caller.
        """
        with self._lock:
            dropped = [job for jobs in self._waiting.values() for job in jobs if job.id == job_id]
            for job in dropped:
                self._waiting[job.priority].remove(job)
            if self._running is not None and self._running.id == job_id:
                self._running.cancel()
                return "running", dropped
        return ("queued" if dropped else "unknown"), dropped

    def drop(self, client: Client) -> None:
        """Forget what a client asked that is gone: nobody is left to hear of it."""
        with self._lock:
            for priority, jobs in self._waiting.items():
                self._waiting[priority] = deque(job for job in jobs if job.client is not client)
            if self._running is not None and self._running.client is client:
                self._running.cancel()
