"""How much memory can still be had: of the machine, within the limits of its control groups."""

from collections.abc import Iterator
from pathlib import Path

from gama_operations.machine import cuda

UNLIMITED = 1 << 60  # version 1 writes a huge number where there is no limit


def memory_available(root: Path = Path("/")) -> int:
    """Bytes that this process can still get: free memory of the CUDA device in use, else of the machine.

    MemAvailable, and for each control group above the process (versions 1 and 2) what is left of
    its limit, counting page cache that the kernel would give up. 0 where nothing is known.
    """
    devices = cuda()
    if devices is not None:
        return int(devices.mem_get_info()[0])
    return min([_machine(root), *_groups(root)])


def _machine(root: Path) -> int:
    try:
        text = (root / "proc/meminfo").read_text()
    except FileNotFoundError:
        return 0
    fields = dict(line.split(":", 1) for line in text.splitlines())
    return int(fields.get("MemAvailable", "0").split()[0]) * 1024


def _groups(root: Path) -> Iterator[int]:
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            mount, names = root / "sys/fs/cgroup", ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            mount = root / "sys/fs/cgroup/memory"
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        # Inside a container the named path may not exist; the mount itself is then our group.
        group = mount / path.lstrip("/")
        for folder in (group, *group.parents):
            if (left := _left(folder, *names)) is not None:
                yield left
            if folder == mount:
                break


def _left(folder: Path, limit_name: str, usage_name: str, cache_name: str) -> int | None:
    """Limit minus usage plus reclaimable cache of one group; None without a limit."""
    try:
        limit_text = (folder / limit_name).read_text().strip()
        usage = int((folder / usage_name).read_text())
        stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
    except FileNotFoundError:
        return None
    if limit_text == "max" or int(limit_text) >= UNLIMITED:
        return None
    return max(0, int(limit_text) - usage + int(stat.get(cache_name, 0)))
