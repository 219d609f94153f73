"""The kernel's own counters of this process's memory, and CUDA's.

Linux keeps the highest resident memory of a process (VmHWM). Writing 5 to /proc/self/clear_refs
brings that mark down to the present memory, so that the next reading is the exact peak since then.
"Exact" has one limit: the kernel counts pages on each CPU and adds them up late, so that a mark may
be off by a few pages per CPU (`COUNTER_SLACK`).
"""

import os
import resource
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gama_operations.machine import cuda

PROC = Path("/proc/self")
RESET_PEAK = b"5"
# Below it a mark that stands above the memory is no sign of a reset that failed.
COUNTER_SLACK = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Resident:
    """Resident memory, bytes."""

    total: int
    anonymous: int
    file_mapped: int
    peak: int
    shared: int = 0


@cache
def _open_file(path: Path, flags: int) -> int | None:
    """A descriptor that stays open: reading through it takes 3 µs, opening the file anew 25 µs."""
    try:
        return os.open(path, flags | os.O_CLOEXEC)
    except OSError:
        return None


def can_read(proc: Path = PROC) -> bool:
    """Whether resident memory can be read at all, and not only its peak since the start."""
    return _open_file(proc / "status", os.O_RDONLY) is not None


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
    return Resident(total, read(b"RssAnon"), read(b"RssFile"), max(peak, total), read(b"RssShmem"))


def _lifetime_peak() -> int:
    scale = 1 if sys.platform == "darwin" else 1024  # getrusage(2): bytes on macOS, kilobytes on Linux
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale


def reset_peak(proc: Path = PROC) -> bool:
    """Bring the kernel's high-water mark down to the present memory; False where that is refused."""
    descriptor = _open_file(proc / "clear_refs", os.O_WRONLY)
    if descriptor is None:
        return False
    try:
        os.pwrite(descriptor, RESET_PEAK, 0)
    except OSError:
        return False
    return True


@cache
def can_reset(proc: Path = PROC) -> bool:
    """Whether a reset does what it should; tried once per process, by the first recorder."""
    before = read_resident(proc)
    if not reset_peak(proc):
        return False
    now = read_resident(proc)
    # On many cores the slack is larger than ours; a mark that fell was reset all the same.
    return now.peak <= now.total + COUNTER_SLACK or now.peak < before.peak


def take_device_peak() -> int | None:
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


def device_allocated() -> int | None:
    """What torch holds on the CUDA devices now; None without CUDA. Waits for nothing."""
    devices = cuda()
    if devices is None:
        return None
    return sum(devices.memory_allocated(index) for index in range(devices.device_count()))
