"""One thread for small fits: two that wait for each other are slower as soon as a core is busy elsewhere.

k-means of 300 clips beside programs that keep both cores busy: 31 ms with one thread, 310 ms with two.
"""

from collections.abc import Generator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController

SMALL = 4000
"""Clips below which a fit is small."""


@contextmanager
def threads_for(clips: int) -> Generator[None]:
    """Limits the threads of numpy, scipy and scikit-learn while a small fit runs."""
    if clips < SMALL:
        with _controller().limit(limits=1):
            yield
    else:
        yield


@cache
def _controller() -> ThreadpoolController:
    # It looks through all libraries that are loaded, which takes 20 ms.
    return ThreadpoolController()
