"""Samples of resident memory beside the exact peaks: what happened between them."""

import threading
import time
from dataclasses import dataclass
from pathlib import Path

from gama_operations.memory_counters import PROC, device_allocated, read_resident
from gama_operations.protocol import MemoryTimeline

MAX_SAMPLES = 4096


@dataclass(frozen=True, slots=True)
class Sample:
    """Memory at one moment, bytes."""

    seconds: float
    """Since the profile began."""
    total: int
    anonymous: int
    file_mapped: int
    shared: int
    device_allocated: int | None


class Sampler:
    """A thread that reads the counters at an interval, until it is stopped.

    Beyond `MAX_SAMPLES` samples the interval doubles, and of each pair of samples the higher one stays:
    a profile that nobody stops costs less and less.
    """

    def __init__(self, interval: float, began: float, proc: Path = PROC) -> None:
        self.samples: list[Sample] = []
        self._interval = interval
        self._began = began
        self._proc = proc
        self._stopped = threading.Event()
        self._sample()
        self._thread = threading.Thread(target=self._run, name="memory sampler", daemon=True)
        self._thread.start()

    def stop(self) -> MemoryTimeline:
        """Take a last sample, and tell them all."""
        self._stopped.set()
        self._thread.join()
        self._sample()
        return MemoryTimeline(
            interval=self._interval,
            seconds=[sample.seconds for sample in self.samples],
            anonymous=[sample.anonymous for sample in self.samples],
            file_mapped=[sample.file_mapped for sample in self.samples],
            shared=[sample.shared for sample in self.samples],
            device_allocated=[sample.device_allocated for sample in self.samples],
        )

    def _run(self) -> None:
        while not self._stopped.wait(self._interval):
            self._sample()

    def _sample(self) -> None:
        now = read_resident(self._proc)
        seconds = time.perf_counter() - self._began
        self.samples.append(
            Sample(seconds, now.total, now.anonymous, now.file_mapped, now.shared, device_allocated())
        )
        if len(self.samples) >= MAX_SAMPLES:
            self.samples = merge_pairs(self.samples)
            self._interval *= 2


def merge_pairs(samples: list[Sample]) -> list[Sample]:
    """Half as many samples: of each pair of neighbours the higher one, whole, at its own time."""
    pairs = zip(samples[::2], samples[1::2], strict=False)
    merged = [max(pair, key=lambda sample: sample.total) for pair in pairs]
    return merged + samples[len(merged) * 2 :]
