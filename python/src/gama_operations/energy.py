"""Energy by hardware counters, where there are any; nothing is estimated from loads or nominal powers.

RAPL counts the packages and the memory of the processor (Linux: /sys/class/powercap, Intel and AMD); many
hosts let root alone read it, and virtual machines have none. NVML counts a CUDA device from Volta on. Both
count for the whole hardware: what a neighbour uses meanwhile is in it.
"""

import ctypes
import re
from collections.abc import Sequence
from pathlib import Path

from gama_operations.protocol import EnergyCounter

POWERCAP = Path("/sys/class/powercap")
_ZONES = re.compile(r"package-\d+|dram")
"""Cores and uncore are parts of the package; `psys` has all of it again."""
_NVML_SUCCESS = 0

Counters = tuple[list[EnergyCounter], str | None]
"""The counters, or none and the reason."""


def read_rapl(powercap: Path = POWERCAP) -> Counters:
    """Counters of the processor, in joules since some time; they begin again at `wraps_at`."""
    counters: list[EnergyCounter] = []
    for zone in sorted(powercap.glob("intel-rapl:*")):
        try:
            name = (zone / "name").read_text().strip()
            if not _ZONES.fullmatch(name):
                continue
            joules = int((zone / "energy_uj").read_text()) / 1e6
            wraps_at = int((zone / "max_energy_range_uj").read_text()) / 1e6
        except OSError as error:
            return [], f"RAPL's counter {zone.name} cannot be read: {error.strerror}"
        counters.append(EnergyCounter(f"RAPL {zone.name} {name}", "rapl", joules, wraps_at))
    return counters, None if counters else f"no RAPL counter is in {powercap}"


def read_nvml(uuids: Sequence[str], library: str = "libnvidia-ml.so.1") -> Counters:
    """Counters of CUDA devices, in joules since the driver was loaded.

    Args:
        uuids: As torch tells them, without `GPU-`.
        library: The driver's.
    """
    try:
        nvml = ctypes.CDLL(library)
    except OSError as error:
        return [], f"NVML cannot be loaded: {error}"
    nvml.nvmlErrorString.restype = ctypes.c_char_p

    def fault(code: int) -> str | None:
        return None if code == _NVML_SUCCESS else f"NVML: {nvml.nvmlErrorString(code).decode()}"

    if reason := fault(nvml.nvmlInit_v2()):  # counts its calls: to do so again costs nothing
        return [], reason
    counters: list[EnergyCounter] = []
    for uuid in uuids:
        handle, millijoules = ctypes.c_void_p(), ctypes.c_ulonglong()
        found = nvml.nvmlDeviceGetHandleByUUID(f"GPU-{uuid}".encode(), ctypes.byref(handle))
        reason = fault(found) or fault(
            nvml.nvmlDeviceGetTotalEnergyConsumption(handle, ctypes.byref(millijoules))
        )
        if reason:
            return [], reason
        counters.append(EnergyCounter(f"NVML GPU-{uuid}", "nvml", millijoules.value / 1e3, None))
    return counters, None if counters else "no CUDA device is in use"


def read_counters(devices: Sequence[str]) -> Counters:
    """Those of the hardware that models run on.

    Args:
        devices: Of the loaded models: `cpu`, `cuda`, `cuda:1`.
    """
    kinds = {device.partition(":")[0] for device in devices}
    if kinds == {"cuda"}:
        import torch

        places = {torch.device(device).index or 0 for device in devices}
        return read_nvml([str(torch.cuda.get_device_properties(place).uuid) for place in sorted(places)])
    if kinds == {"cpu"}:
        return read_rapl()
    return [], f"no counter is known for models on {', '.join(sorted(kinds)) or 'no device'}"
