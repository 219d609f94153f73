"""The queue between the reader thread and the model thread."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from gama_operations.call import Call
from gama_operations.clients import Client
from gama_operations.protocol import Id, Priority


@dataclass(eq=False, slots=True)
class Job:
    """A request for the model thread, decoded and ready to run."""

    id: Id
    operation: str
    run: Callable[[Any, Call], msgspec.Struct]
    data: msgspec.Struct
    client: Client
    priority: Priority = "user"
    cancelled: threading.Event = field(default_factory=threading.Event)


class JobQueue:
    """Jobs in the order of their arrival, a user's before those in the background; one runs at a time."""

    def __init__(self) -> None:
        self._waiting: dict[Priority, deque[Job]] = {"user": deque(), "background": deque()}
        self._running: Job | None = None
        self._closed = False
        self._changed = threading.Condition()

    @property
    def busy(self) -> bool:
        """Whether a job runs."""
        return self._running is not None

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def put(self, job: Job) -> None:
        """Append a job."""
        with self._changed:
            self._waiting[job.priority].append(job)
            self._changed.notify()

    def put_first(self, job: Job) -> None:
        """Let a job be the next one."""
        with self._changed:
            self._waiting["user"].appendleft(job)
            self._changed.notify()

    def take(self) -> Job | None:
        """The next job, once there is one; None when the queue is closed and empty."""
        with self._changed:
            self._running = None
            self._changed.wait_for(lambda: len(self) > 0 or self._closed)
            waiting = self._waiting["user"] or self._waiting["background"]
            if not waiting:
                return None
            self._running = waiting.popleft()
            return self._running

    def close(self) -> None:
        """No more jobs will come; those that wait are still worked."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def cancel(self, job_id: Id) -> tuple[Literal["queued", "running", "unknown"], list[Job]]:
        """Mark the running job, or take out the waiting ones, of that id.

        Returns:
            What was found, and the jobs that were taken out, to be answered by the caller.
        """
        with self._changed:
            dropped = [job for jobs in self._waiting.values() for job in jobs if job.id == job_id]
            for job in dropped:
                self._waiting[job.priority].remove(job)
            if self._running is not None and self._running.id == job_id:
                self._running.cancelled.set()
                return "running", dropped
        return ("queued" if dropped else "unknown"), dropped

    def drop(self, client: Client) -> None:
        """Forget what a client asked that is gone: nobody is left to hear of it."""
        with self._changed:
            for priority, jobs in self._waiting.items():
                self._waiting[priority] = deque(job for job in jobs if job.client is not client)
            if self._running is not None and self._running.client is client:
                self._running.cancelled.set()
