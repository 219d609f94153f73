"""Memory of this process, phase by phase, from the kernel's own counters.

Each phase begins and ends with a reading of the kernel's high-water mark, which is then reset
(`memory_counters.py`): its peak is exact, with no sampling gap. Where the reset is not allowed or not
there, the peak since the start of the process is reported and named as such. Mapped weights are file
pages: they are told apart, or loading would look like a leak.
"""

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gama_operations.memory_counters import (
    PROC,
    Resident,
    can_reset,
    read_resident,
    reset_peak,
    take_device_peak,
)
from gama_operations.memory_profile import Profiles
from gama_operations.protocol import MemoryPhase, MemorySpan, MemoryUsage, PeakSource


@dataclass(slots=True)
class _Open:
    """A phase that has begun."""

    name: str
    began: float
    start: int
    peak: int
    device_peak: int | None = None

    def include(self, peak: int, device_peak: int | None) -> None:
        self.peak = max(self.peak, peak)
        if device_peak is not None:
            self.device_peak = max(self.device_peak or 0, device_peak)


class PhaseRecorder:
    """Memory of one operation. Phases may nest; phases of the same name are reported as one.

    Args:
        proc: Where the counters are.
        operation: Its name, for the profiles.
        profiles: Those that run: they hear of every reading and every phase.
    """

    def __init__(self, proc: Path = PROC, operation: str = "", profiles: Profiles | None = None) -> None:
        self._proc = proc
        self._operation = operation
        self._profiles = profiles or Profiles()
        self._phases: dict[str, MemoryPhase | None] = {}  # None: begun, not ended
        # Tried before the first reading: a mark that was never reset is no peak of anything here.
        self._source: PeakSource = "high_water_mark" if can_reset(proc) else "lifetime_peak"
        self._began = time.perf_counter()
        self._suspended = self._began
        self._open: list[_Open] = []
        self._start = self._enter("").total

    @property
    def seconds(self) -> float:
        """Wall time since the operation began."""
        return time.perf_counter() - self._began

    @property
    def is_profiled(self) -> bool:
        """Whether a profile runs."""
        return self._profiles.are_running

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

    def account(self) -> Resident:
        """Book the peak since the last reading on every open phase and running profile, and reset."""
        device_peak = take_device_peak()  # first: it waits for the device, which is part of the phase
        now = read_resident(self._proc)
        exact = self._source == "high_water_mark"
        for phase in self._open:
            phase.include(now.peak, device_peak)
        inside = len(self._open) > 1  # the operation as a whole is no phase
        self._profiles.include(now.peak if exact else now.total, inside=inside, exact=exact)
        if exact and not reset_peak(self._proc):
            self._source = "lifetime_peak"
        return now

    def suspend(self) -> None:
        """Other operations run until `resume`; no phase may be open."""
        self.account()
        self._suspended = time.perf_counter()

    def resume(self) -> None:
        """Leave out what was used meanwhile, memory and time."""
        mine, self._open = self._open, []
        self.account()
        self._open = mine
        self._began += time.perf_counter() - self._suspended

    def usage(self) -> MemoryUsage:
        """The report up to now; phases that are still open are not in it."""
        now = self.account()
        peak = max(self._open[0].peak, self._start)
        return MemoryUsage(
            start_memory=self._start,
            peak_memory=peak,
            end_memory=now.total,
            used_memory=peak - self._start,
            peak_source=self._source,
            phases=[phase for phase in self._phases.values() if phase is not None],
        )

    def _enter(self, name: str) -> Resident:
        now = self.account()
        self._open.append(_Open(name, time.perf_counter(), now.total, now.total))
        self._phases.setdefault(name, None)
        return now

    def _leave(self) -> None:
        now = self.account()
        seconds = time.perf_counter() - self._open[-1].began
        ended = self._open.pop()
        self._profiles.add(
            MemorySpan(
                operation=self._operation,
                phase=ended.name,
                depth=len(self._open) - 1,
                began=ended.began,
                seconds=seconds,
                start=ended.start,
                peak=ended.peak,
                end=now.total,
                anonymous=now.anonymous,
                file_mapped=now.file_mapped,
                shared=now.shared,
                device_peak=ended.device_peak,
            )
        )
        before = self._phases.get(ended.name)
        if before is not None:
            seconds += before.seconds
            if before.peak >= ended.peak:
                ended.start = before.start
            ended.include(before.peak, before.device_peak)
        self._phases[ended.name] = MemoryPhase(
            phase=ended.name,
            seconds=seconds,
            start=ended.start,
            peak=ended.peak,
            anonymous=now.anonymous,
            file_mapped=now.file_mapped,
            device_peak=ended.device_peak,
        )
