"""Counters of energy: those of the kernel in their true layout, and the reasons where there are none."""

from pathlib import Path

import pytest

from gama_operations.energy import read_counters, read_nvml, read_rapl


def _add_zone(powercap: Path, zone: str, name: str, microjoules: str | None) -> None:
    folder = powercap / zone
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{name}\n")
    (folder / "max_energy_range_uj").write_text("262143328850\n")
    if microjoules is not None:
        (folder / "energy_uj").write_text(f"{microjoules}\n")


def test_packages_and_memory_are_counted_once(tmp_path: Path) -> None:
    _add_zone(tmp_path, "intel-rapl:0", "package-0", "1500000")
    _add_zone(tmp_path, "intel-rapl:0:0", "core", "900000")
    _add_zone(tmp_path, "intel-rapl:0:1", "dram", "250000")
    _add_zone(tmp_path, "intel-rapl:1", "psys", "9000000")
    counters, reason = read_rapl(tmp_path)
    assert reason is None
    assert [(it.name, it.joules, it.wraps_at) for it in counters] == [
        ("RAPL intel-rapl:0 package-0", 1.5, 262143.32885),
        ("RAPL intel-rapl:0:1 dram", 0.25, 262143.32885),
    ]


def test_a_counter_that_cannot_be_read_is_no_counter(tmp_path: Path) -> None:
    _add_zone(tmp_path, "intel-rapl:0", "package-0", None)
    (tmp_path / "intel-rapl:0" / "energy_uj").mkdir()  # as unreadable to root as to others
    assert read_rapl(tmp_path) == ([], "RAPL's counter intel-rapl:0 cannot be read: Is a directory")
    assert read_rapl(tmp_path / "absent")[0] == []
    assert "absent" in (read_rapl(tmp_path / "absent")[1] or "")


def test_without_the_driver_the_reason_names_its_library() -> None:
    counters, reason = read_nvml(["0"], "libnvidia-absent.so.1")
    assert counters == []
    assert reason is not None
    assert "libnvidia-absent.so.1" in reason


@pytest.mark.parametrize("devices", [[], ["cpu", "cuda:0"], ["mps"]])
def test_hardware_that_nothing_counts_alone_has_no_counter(devices: list[str]) -> None:
    counters, reason = read_counters(devices)
    assert counters == []
    assert reason is not None
    assert reason.startswith("no counter is known")
