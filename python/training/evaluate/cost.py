"""What an evaluation cost: wall and CPU seconds of this process."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def timed(costs: dict[str, dict[str, float]], name: str) -> Iterator[None]:
    """Adds `{"seconds", "cpu_seconds"}` of the block to `costs[name]`."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    costs[name] = {
        "seconds": round(time.perf_counter() - wall, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
    }
