"""Memory of this process, phase by phase, from the kernel's own counters.

Linux keeps the highest resident memory of a process (VmHWM). Writing 5 to /proc/self/clear_refs
resets that mark, so each phase gets its exact peak, with no sampling gap. Where the reset is not
allowed or not there, the peak since the start of the process is reported and named as such.
Mapped weights are file pages: they are told apart, or loading would look like a leak.
"""

import os
import resource
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from gama_operations.machine import cuda
from gama_operations.protocol import MemoryPhase, MemoryUsage

PeakSource = Literal["high_water_mark", "sampled", "lifetime_peak"]

PROC = Path("/proc/self")
RESET_PEAK = b"5"
# The kernel counts pages per CPU and adds them up late; a reset mark may stand this much above the memory.
COUNTER_SLACK = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Resident:
    """Resident memory, bytes."""

    total: int
    anonymous: int
    file_mapped: int
    peak: int


@cache
def _open_file(path: Path, flags: int) -> int | None:
    """A descriptor that stays open: reading through it takes 3 µs, opening the file anew 25 µs."""
    try:
        return os.open(path, flags | os.O_CLOEXEC)
    except OSError:
        return None


def read_resident(proc: Path = PROC) -> Resident:
    """Resident memory now, from /proc; elsewhere only the peak since the start is known."""
    descriptor = _open_file(proc / "status", os.O_RDONLY)
    if descriptor is None:
        peak = _lifetime_peak()
        return Resident(total=peak, anonymous=peak, file_mapped=0, peak=peak)
    text = os.pread(descriptor, 16_384, 0)

    def read(name: bytes) -> int:
        _, found, rest = text.partition(b"\n" + name + b":")
        return int(rest.split(maxsplit=1)[0]) * 1024 if found else 0

    total = read(b"VmRSS")
    peak = read(b"VmHWM") or _lifetime_peak()
    return Resident(total, read(b"RssAnon"), read(b"RssFile"), max(peak, total))


def _lifetime_peak() -> int:
    scale = 1 if sys.platform == "darwin" else 1024  # getrusage(2): bytes on macOS, kilobytes on Linux
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale


def reset_peak(proc: Path = PROC) -> bool:
    """Bring the kernel's high-water mark down to the present memory; False where that does not work."""
    descriptor = _open_file(proc / "clear_refs", os.O_WRONLY)
    if descriptor is None:
        return False
    before = read_resident(proc)
    try:
        os.pwrite(descriptor, RESET_PEAK, 0)
    except OSError:
        return False
    now = read_resident(proc)
    # On many cores the slack is larger than ours; a mark that fell was reset all the same.
    return now.peak <= now.total + COUNTER_SLACK or now.peak < before.peak


def _take_device_peak() -> int | None:
    """Peak allocations since the last call, summed over the CUDA devices in use; None without CUDA.

    Kernels run behind the back of Python: only waiting for them makes a phase's seconds its own.
    """
    devices = cuda()
    if devices is None:
        return None
    total = 0
    for index in range(devices.device_count()):
        peak = devices.max_memory_allocated(index)
        if peak > 0:  # a device without allocations has no context yet, and waiting would make one
            devices.synchronize(index)
            devices.reset_peak_memory_stats(index)
        total += peak
    return total


@dataclass(slots=True)
class _Open:
    """A phase that has begun."""

    name: str
    began: float
    peak: int = 0
    device_peak: int | None = None

    def include(self, peak: int, device_peak: int | None) -> None:
        self.peak = max(self.peak, peak)
        if device_peak is not None:
            self.device_peak = max(self.device_peak or 0, device_peak)


class PhaseRecorder:
    """Memory of one operation. Phases may nest; phases of the same name are reported as one."""

    def __init__(self, proc: Path = PROC) -> None:
        self._proc = proc
        self._phases: dict[str, MemoryPhase | None] = {}  # None: begun, not ended
        self._source: PeakSource = "high_water_mark"
        self._began = time.perf_counter()
        self._start = read_resident(proc).total
        self._open: list[_Open] = []
        self._enter("")

    @property
    def seconds(self) -> float:
        """Wall time since the operation began."""
        return time.perf_counter() - self._began

    @contextmanager
    def phase(self, name: str) -> Generator[None]:
        """Everything inside belongs to the phase `name`, also when it raises.

        Inside a phase of the same name it changes nothing: the time would count twice.
        """
        if any(phase.name == name for phase in self._open):
            yield
            return
        self._enter(name)
        try:
            yield
        finally:
            self._leave()

    def usage(self) -> MemoryUsage:
        """The report up to now; phases that are still open are not in it."""
        now = self._account()
        peak = max(self._open[0].peak, self._start)
        return MemoryUsage(
            start_memory=self._start,
            peak_memory=peak,
            end_memory=now.total,
            used_memory=peak - self._start,
            peak_source=self._source,
            phases=[phase for phase in self._phases.values() if phase is not None],
        )

    def _enter(self, name: str) -> None:
        self._account()
        self._open.append(_Open(name, time.perf_counter()))
        self._phases.setdefault(name, None)

    def _leave(self) -> None:
        now = self._account()
        ended = self._open.pop()
        before = self._phases.get(ended.name)
        seconds = time.perf_counter() - ended.began
        if before is not None:
            seconds += before.seconds
            ended.include(before.peak, before.device_peak)
        self._phases[ended.name] = MemoryPhase(
            phase=ended.name,
            seconds=seconds,
            peak=ended.peak,
            anonymous=now.anonymous,
            file_mapped=now.file_mapped,
            device_peak=ended.device_peak,
        )

    def _account(self) -> Resident:
        """Book the peak since the last reset on every phase that is open, and reset."""
        device_peak = _take_device_peak()  # first: it waits for the device, which is part of the phase
        now = read_resident(self._proc)
        for phase in self._open:
            phase.include(now.peak, device_peak)
        if self._source == "high_water_mark" and not reset_peak(self._proc):
            self._source = "lifetime_peak"
        return now
