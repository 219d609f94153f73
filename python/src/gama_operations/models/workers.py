"""Forward passes side by side: one thread for each core, rather than all cores for each operation.

Measured with wav2vec2 on 2 cores of which another process took one half the time (packs of 5 s, wall time of
60 s of audio): base size, two threads inside each operation 14.9 s, two workers with one each 10.3 s;
wav2vec2-tiny (130 s of audio) 1.41 s and 1.21 s. Threads inside an operation wait for each other after each
one, workers once at the end; the CPU time is the same.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from functools import cache
from threading import Barrier
from typing import TypeVar

import torch

Task = TypeVar("Task")
Result = TypeVar("Result")

TASKS_PER_WORKER = 2
"""So many at least, where there is enough to do: the last one of a worker is what the others wait for."""


def count_workers(device: str) -> int:
    """As many as torch's threads (OMP_NUM_THREADS) on the CPU; elsewhere one, which the device serves."""
    return torch.get_num_threads() if device == "cpu" else 1


def run_all(work: Callable[[Task], Result], tasks: Sequence[Task], workers: int) -> list[Result]:
    """The results in the order of the tasks, which begin in that order; one task alone has all threads.

    The first error is raised once no task runs any more, and those that have not begun never will.
    """
    if workers == 1 or len(tasks) == 1:
        return [work(task) for task in tasks]
    running = [_pool(workers).submit(work, task) for task in tasks]
    wait(running, return_when=FIRST_EXCEPTION)
    for one in running:
        one.cancel()
    wait(running)
    for one in running:
        if not one.cancelled() and (error := one.exception()) is not None:
            raise error
    return [one.result() for one in running]


@cache
def _pool(workers: int) -> ThreadPoolExecutor:
    pool = ThreadPoolExecutor(workers, "forward")
    all_there = Barrier(workers + 1)

    def begin() -> None:
        torch.set_num_threads(1)  # of this thread, and of threads to come
        torch.get_num_threads()  # settles it: a thread's first look takes the number of threads to come
        all_there.wait()

    for _ in range(workers):
        pool.submit(begin)
    all_there.wait()
    torch.set_num_threads(workers)
    return pool
