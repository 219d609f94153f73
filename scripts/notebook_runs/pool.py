"""Several notebooks at once, as far as cores and memory go."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

from notebook_runs.memory import free_memory

Result = TypeVar("Result")

MARGIN = 1.25
"""A run may take more than the one that was measured, by this factor."""


@dataclass(frozen=True)
class Job(Generic[Result]):
    """Something to run, and the memory that it took when it was measured, bytes; None: never measured."""

    run: Callable[[], Result]
    need: int | None


def cores() -> int:
    """How many jobs may run at once: each of them keeps a core busy."""
    return max(1, len(os.sched_getaffinity(0)))


def run_all(
    jobs: Iterable[Job[Result]], limit: int, free: Callable[[], int] = free_memory
) -> Iterator[tuple[int, Result]]:
    """Yield index and result of each job as it ends; no more than `limit` run at once.

    A job starts beside others when what it needs is free now, beyond what the running ones need but may not
    have taken yet. One that was never measured runs alone.
    """
    waiting = list(enumerate(jobs))
    running: dict[Future[Result], tuple[int, int | None]] = {}
    with ThreadPoolExecutor(limit) as threads:
        while waiting or running:
            while waiting and len(running) < limit:
                index, job = waiting[0]
                if running and not _fits(job.need, [need for _, need in running.values()], free()):
                    break
                waiting.pop(0)
                running[threads.submit(job.run)] = (index, job.need)
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                index, _ = running.pop(future)
                yield index, future.result()


def _fits(need: int | None, others: list[int | None], free: int) -> bool:
    if need is None or None in others:
        return False
    # As if the others had taken nothing of it yet: too careful for those that have.
    return MARGIN * (need + sum(other or 0 for other in others)) <= free
