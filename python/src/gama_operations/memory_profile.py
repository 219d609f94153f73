"""Profiles: every phase of every operation, from a start to a stop.

A profile does not read the kernel's mark itself. Each call's recorder reads and resets it, and tells
every running profile what it read: a reset for one can then never hide a peak from another.
Starting and stopping are operations like any other, in the one thread that runs them all.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from gama_operations.errors import InvalidRequestError
from gama_operations.memory_counters import PROC, Resident, can_read
from gama_operations.memory_timeline import Sampler
from gama_operations.protocol import MemorySpan, PeakSource, StopProfileResult

MAX_PROFILES = 32
"""Each has a thread; more than these were forgotten."""
MAX_SPANS = 20_000
"""Beyond it a span is added to the last one of its operation and phase, so that an answer fits its line."""


@dataclass(slots=True)
class Profile:
    """One running profile."""

    sampler: Sampler
    began: float
    start: int
    peak: int
    peak_outside: int
    proc: Path
    owner: int
    exact: bool = True
    spans: list[MemorySpan] = field(default_factory=list)
    _last: dict[tuple[str, str, int], int] = field(default_factory=dict)

    def include(self, peak: int, *, inside: bool) -> None:
        """Book a peak that was read off the mark."""
        self.peak = max(self.peak, peak)
        if not inside:
            self.peak_outside = max(self.peak_outside, peak)

    def add(self, span: MemorySpan) -> None:
        """Book a phase that has ended; its `began` is the clock's."""
        span = replace(span, began=span.began - self.began)
        kind = (span.operation, span.phase, span.depth)
        last = self._last.get(kind)
        if len(self.spans) < MAX_SPANS or last is None:
            self._last[kind] = len(self.spans)
            self.spans.append(span)
        else:
            self.spans[last] = _joined(self.spans[last], span)

    def stop(self, now: Resident) -> StopProfileResult:
        """The whole of it."""
        timeline = self.sampler.stop()
        source: PeakSource = "high_water_mark"
        if not self.exact:
            source = "sampled" if can_read(self.proc) else "lifetime_peak"
        if source == "sampled":
            self._take_peaks_from_samples()
        # The mark is counted more coarsely than a sample (COUNTER_SLACK): a sample is true, too.
        sampled = max(sample.total for sample in self.sampler.samples)
        peak = max(self.peak, sampled, now.total)
        return StopProfileResult(
            seconds=time.perf_counter() - self.began,
            start_memory=self.start,
            peak_memory=peak,
            end_memory=now.total,
            used_memory=peak - self.start,
            peak_source=source,
            peak_outside=self.peak_outside,
            spans=sorted(self.spans, key=lambda span: (span.began, span.depth)),
            timeline=timeline,
        )

    def _take_peaks_from_samples(self) -> None:
        """Without a mark to reset, a phase's peak is the highest sample in it, at its ends at least."""
        inside: set[int] = set()
        for index, span in enumerate(self.spans):
            within = {
                place
                for place, sample in enumerate(self.sampler.samples)
                if span.began <= sample.seconds <= span.began + span.seconds
            }
            inside |= within
            highest = max((self.sampler.samples[place].total for place in within), default=0)
            self.spans[index] = replace(span, peak=max(span.start, span.end, highest))
        outside = [sample.total for place, sample in enumerate(self.sampler.samples) if place not in inside]
        self.peak_outside = max(self.peak_outside, *outside, 0)


def _joined(first: MemorySpan, second: MemorySpan) -> MemorySpan:
    """Two spans as one: all the time, the higher peak with its start, the end of the second."""
    higher = max(first, second, key=lambda span: span.peak)
    peaks = [peak for peak in (first.device_peak, second.device_peak) if peak is not None]
    return replace(
        second,
        began=first.began,
        seconds=first.seconds + second.seconds,
        start=higher.start,
        peak=higher.peak,
        device_peak=max(peaks, default=None),
    )


class Profiles:
    """The running profiles of a process, by number."""

    def __init__(self) -> None:
        self._running: dict[int, Profile] = {}
        self._last_number = 0

    @property
    def are_running(self) -> bool:
        """Whether there is one."""
        return bool(self._running)

    def start(self, interval: float, now: Resident, proc: Path = PROC, owner: int = 0) -> int:
        """Begin a profile, directly after the mark was reset.

        Args:
            interval: Seconds between samples.
            now: Memory at the reset.
            proc: Where the counters are.
            owner: The client that asks for it; nobody else can stop it.

        Raises:
            InvalidRequestError: `MAX_PROFILES` run already.
        """
        if len(self._running) >= MAX_PROFILES:
            raise InvalidRequestError(
                f"{MAX_PROFILES} profiles run already, more than anyone reads: stop those that were "
                f"forgotten ({', '.join(map(str, self._running))})."
            )
        began = time.perf_counter()
        self._last_number += 1
        self._running[self._last_number] = Profile(
            Sampler(interval, began, proc), began, now.total, now.total, now.total, proc, owner
        )
        return self._last_number

    def stop(self, number: int, now: Resident, owner: int = 0) -> StopProfileResult:
        """End a profile, directly after the mark was read.

        Raises:
            InvalidRequestError: no such profile runs here.
        """
        profile = self._running.get(number)
        if profile is None or profile.owner != owner:
            raise InvalidRequestError(
                f"No profile {number} runs: it was stopped already, or the process was restarted since "
                "(then it is lost with the process that it ran in)."
            )
        del self._running[number]
        return profile.stop(now)

    def drop(self, owner: int) -> None:
        """End the profiles of a client that is gone."""
        for number in [number for number, profile in self._running.items() if profile.owner == owner]:
            self._running.pop(number).sampler.stop()

    def include(self, peak: int, *, inside: bool, exact: bool) -> None:
        """Tell every running profile what was read off the mark.

        Args:
            peak: Highest resident memory since the last reading.
            inside: Whether a phase was open all that time.
            exact: False where the mark cannot be reset, and `peak` is only the memory now.
        """
        for profile in self._running.values():
            profile.exact = profile.exact and exact
            profile.include(peak, inside=inside)

    def add(self, span: MemorySpan) -> None:
        """Tell every running profile of a phase that has ended."""
        for profile in self._running.values():
            profile.add(span)
