"""Bytes: what they are now, and what they were while something ran."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

PeakSource = Literal["high_water_mark", "sampled", "lifetime_peak"]
"""How a peak was measured: the kernel's mark reset per phase, the highest sample, or since the start."""


class MemoryPhase(Struct, frozen=True, forbid_unknown_fields=True):
    """Memory of one phase of an operation (load, decode, frontend, encode, generate, probe)."""

    phase: str
    seconds: float
    start: int
    """Resident memory when the phase began, bytes; of several, when the one with the highest peak began."""
    peak: int
    """Highest resident memory in the phase, bytes."""
    anonymous: int
    """Anonymous resident memory at the end of the phase, bytes."""
    file_mapped: int
    """File-mapped resident memory at the end of the phase (mapped weights count here), bytes."""
    device_peak: int | None
    """Most that torch allocated in the phase, summed over CUDA devices, bytes; null without CUDA."""


class MemoryUsage(Struct, frozen=True, forbid_unknown_fields=True):
    """The seed's MemoryTracker fields, with the exact peak of each phase."""

    start_memory: int
    peak_memory: int
    end_memory: int
    used_memory: int
    """peak_memory - start_memory."""
    peak_source: PeakSource
    phases: list[MemoryPhase]


class MemorySpan(Struct, frozen=True, forbid_unknown_fields=True):
    """One phase of one operation while a profile ran; bytes, and seconds since the profile began."""

    operation: str
    phase: str
    depth: int
    """0: not inside another phase."""
    began: float
    seconds: float
    start: int
    """Resident memory when it began."""
    peak: int
    """Highest resident memory in it."""
    end: int
    anonymous: int
    """Of `end`: anonymous memory."""
    file_mapped: int
    """Of `end`: pages of mapped files (weights count here)."""
    shared: int
    """Of `end`: shared memory (the arenas)."""
    device_peak: int | None
    """Most that torch allocated in it, summed over CUDA devices; null without CUDA."""


class MemoryTimeline(Struct, frozen=True, forbid_unknown_fields=True):
    """Samples of resident memory, bytes, one column each; between two samples memory may have been higher."""

    interval: float
    """Seconds between samples; grows with the length of the profile, so that their number stays bounded."""
    seconds: list[float]
    """Since the profile began."""
    anonymous: list[int]
    file_mapped: list[int]
    shared: list[int]
    device_allocated: list[int | None]
    """What torch holds on CUDA devices; null while CUDA is not in use."""


class StartProfileData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `start_profile`: from now on every phase of every operation is written down."""

    interval: Annotated[float, Meta(ge=0.001, le=60)] = 0.01
    """Seconds between samples of the timeline."""


class StartProfileResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `start_profile`."""

    profile: int
    pid: int


class StopProfileData(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `stop_profile`."""

    profile: int


class StopProfileResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `stop_profile`: memory of this process from start to stop, bytes."""

    seconds: float
    start_memory: int
    peak_memory: int
    end_memory: int
    used_memory: int
    """peak_memory - start_memory."""
    peak_source: PeakSource
    peak_outside: int
    """Highest resident memory outside of all phases (between operations, around phases)."""
    spans: list[MemorySpan]
    """In the order of their beginning."""
    timeline: MemoryTimeline


class FreeMemoryData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `free_memory`: give back what the process holds and does not need, also what models keep
    of audio for further questions.
    """

    models: list[str] = []
    """Ids of models to unload as well."""


class FreeMemoryResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `free_memory`; `memory_usage` has the memory before (start) and after (end)."""

    unloaded: list[str]
    anonymous: int
    """What stays, bytes: anonymous memory (Python, libraries, models still loaded)."""
    file_mapped: int
    """What stays of mapped files (libraries, mapped weights)."""
    shared: int
    """What stays of shared memory (the arenas)."""
    memory_usage: MemoryUsage
