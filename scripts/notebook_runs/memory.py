"""How much memory a kernel and all that it starts takes, and how much is free."""

import contextlib
import threading
from pathlib import Path

import psutil

INTERVAL = 1.0
"""Seconds between two looks. A peak between them is missed: needs are sums over seconds, not exact marks."""

CGROUP = Path("/sys/fs/cgroup")


def tree_memory(pid: int) -> int:
    """Proportional set size of a process and its descendants, bytes; 0 when it has ended."""
    total = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        for process in [parent, *parent.children(recursive=True)]:
            # One that ends between the list and the look, or another user's, counts nothing.
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                memory = process.memory_full_info()
                total += getattr(memory, "pss", memory.rss)
    return total


def free_memory() -> int:
    """Bytes that new processes can take: of the machine, or of the control group that we run in."""
    free = psutil.virtual_memory().available
    with contextlib.suppress(FileNotFoundError):
        limit = (CGROUP / "memory.max").read_text().strip()
        if limit != "max":
            counts = dict(line.split() for line in (CGROUP / "memory.stat").read_text().splitlines())
            # Files that nobody has used lately are given back before anything is refused.
            used = int((CGROUP / "memory.current").read_text()) - int(counts["inactive_file"])
            free = min(free, int(limit) - used)
    return free


class PeakWatch:
    """Looks at a process tree from `start` to `stop`; `peak` is the largest sum in bytes."""

    def __init__(self) -> None:
        self.peak = 0
        self._ended = threading.Event()

    def start(self, pid: int) -> None:
        """Begin to look at a process and its descendants."""
        threading.Thread(target=self._watch, args=[pid], daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._ended.set()

    def _watch(self, pid: int) -> None:
        while True:
            self.peak = max(self.peak, tree_memory(pid))
            if self._ended.wait(INTERVAL):
                return
