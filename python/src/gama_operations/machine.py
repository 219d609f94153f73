"""Facts about the machine and the installation, found without importing torch."""

import ctypes
import gc
import os
import platform
import sys
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

PACKAGES = (
    "torch",
    "transformers",
    "tokenizers",
    "numpy",
    "scipy",
    "scikit-learn",
    "soundfile",
    "soxr",
    "msgspec",
)
RECORD_PACKAGES = ("statsmodels", "threadpoolctl")


def imported_torch() -> Any | None:
    """Torch, if it is imported already, and wholly: a ping may come while the model thread imports it."""
    torch = sys.modules.get("torch")
    if torch is None or getattr(torch.__spec__, "_initializing", False):
        return None
    return torch


def cuda() -> Any | None:
    """`torch.cuda`, if CUDA is in use already."""
    torch = imported_torch()
    return torch.cuda if torch is not None and torch.cuda.is_initialized() else None


def device() -> str:
    """Where models run unless told otherwise; `undecided` where a GPU may be there and torch is not yet.

    Asking torch would import it, which takes seconds and must not hold up a ping.
    """
    chosen = os.environ.get("GRYM_DEVICE") or os.environ.get("GAMA_DEVICE")
    if chosen:
        return chosen
    if torch := imported_torch():
        return "cuda" if torch.cuda.is_available() else "cpu"
    return "undecided" if _may_have_gpu() else "cpu"


@cache
def _may_have_gpu() -> bool:
    return Path("/dev/nvidiactl").exists()


def give_back_memory() -> None:
    """Collect, empty CUDA's cache, and return freed heap pages to the system (glibc)."""
    gc.collect()
    if devices := cuda():
        devices.empty_cache()
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)


@cache
def versions() -> dict[str, str]:
    """Versions of Python and of the packages that results depend on: another one voids those on the disk."""
    return {"python": platform.python_version(), **_versions_of(PACKAGES)}


@cache
def record_versions() -> dict[str, str]:
    """What a record names beside `versions`: packages of the statistics, and `blas`.

    `blas` is NumPy's linear algebra with the processor that it chose its code for: sums depend on it in their
    last bits. Torch carries its own inside its build, which its version names.
    """
    return {**_versions_of(RECORD_PACKAGES), "blas": _blas()}


def _versions_of(packages: Iterable[str]) -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version  # 13 ms that `ready` need not wait for

    found: dict[str, str] = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


@cache
def processor() -> str:
    """Its model, for example `Intel(R) Xeon(R) Gold 6240`."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # no Linux
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()


def _blas() -> str:
    from threadpoolctl import threadpool_info  # installed with scikit-learn

    import_module("numpy")  # loads the library that is asked about
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    # SciPy may have brought a second one by now; which is there must not depend on what ran before.
    own = [pool for pool in pools if "numpy" in Path(pool["filepath"]).parent.name] or pools
    if not own:
        return "unknown"
    return " ".join(str(own[0].get(key) or "") for key in ("internal_api", "version", "architecture")).strip()
