"""Clips made ready in threads, ahead of the model that hears them.

Decoders and resamplers leave the interpreter to others, so that they run beside a forward pass. What is
ready and not taken is bounded in bytes, and in clips.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import cache
from typing import Generic, TypeVar

Given = TypeVar("Given")
Ready = TypeVar("Ready")

THREADS = 2
"""At most: two cores decode more than one model takes."""
AHEAD_BYTES = 64 * 1024 * 1024
"""Ready and not taken; each thread may add a clip to it that it has begun."""


class DecodeAhead(Generic[Given, Ready]):
    """The clips in their order, each made ready by `work` before it is asked for.

    Use it as a context: what has not begun when it ends never will.

    Args:
        clips: What is to be done.
        work: Makes one ready, in another thread; its error comes when the clip is taken.
        size: Bytes of what is ready.
        most: Clips that may be ready or on their way.
    """

    def __init__(
        self,
        clips: Iterable[Given],
        work: Callable[[Given], Ready],
        *,
        size: Callable[[Ready], int],
        most: int,
    ) -> None:
        self._clips = iter(clips)
        self._work = work
        self._size = size
        self._most = most
        self._lock = threading.RLock()  # a future that is done at once calls back in the thread that submits
        self._waiting: deque[tuple[Given, Future[Ready]]] = deque()
        self._running = 0
        self._ready_bytes = 0
        self._over = False

    def __enter__(self) -> Iterator[tuple[Given, Future[Ready]]]:
        """Begins, and gives the clips with their results, which may still be on their way."""
        self._fill()
        return self._take()

    def __exit__(self, *_error: object) -> None:
        """Ends, when the clips that have begun are done: they may read what the client then takes back."""
        with self._lock:
            self._over = True
        wait([future for _, future in self._waiting if not future.cancel()])

    def _take(self) -> Iterator[tuple[Given, "Future[Ready]"]]:
        while self._waiting:
            given, future = self._waiting[0]
            if future.exception() is None:  # which waits
                with self._lock:
                    self._ready_bytes -= self._size(future.result())
            self._waiting.popleft()
            self._fill()
            yield given, future

    def _fill(self) -> None:
        with self._lock:
            while (
                not self._over
                and self._running < THREADS
                and self._ready_bytes < AHEAD_BYTES
                and len(self._waiting) < self._most
            ):
                try:
                    given = next(self._clips)
                except StopIteration:
                    self._over = True
                    return
                self._running += 1
                future = _pool().submit(self._run, given)
                self._waiting.append((given, future))
                future.add_done_callback(lambda _: self._fill())

    def _run(self, given: Given) -> Ready:
        size = 0
        try:
            ready = self._work(given)
            size = self._size(ready)
            return ready
        finally:
            # before the result is there: who takes it begins the next one
            with self._lock:
                self._running -= 1
                self._ready_bytes += size


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(min(THREADS, os.cpu_count() or 1), "decode")
