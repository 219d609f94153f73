"""Memory by phase: a planted allocation appears in its phase and in no other."""

import gc
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from fixtures.process.faulty import plant
from gama_operations import memory, memory_counters
from gama_operations.available import memory_available
from gama_operations.memory import PhaseRecorder
from gama_operations.models import registry
from gama_operations.models.surface import RunContext

MEGABYTE = 1_000_000
PLANTED = 200 * MEGABYTE
# 2 %: what the kernel's counters of each CPU may lag behind, and the interpreter's own few pages.
EXACT = 0.02 * PLANTED


def by_name(usage):
    return {phase.phase: phase for phase in usage.phases}


def test_a_planted_allocation_raises_the_peak_of_its_phase_by_its_size_and_no_other_phase():
    recorder = PhaseRecorder()
    gc.collect()  # what falls while the phase runs would hide as much of what is planted
    with recorder.phase("before"):
        pass
    with recorder.phase("planted"):
        plant(PLANTED)
    with recorder.phase("after"):
        pass
    usage = recorder.usage()
    phases = by_name(usage)
    assert list(phases) == ["before", "planted", "after"]
    assert usage.peak_source == "high_water_mark"
    assert phases["planted"].peak - phases["planted"].start == pytest.approx(PLANTED, abs=EXACT)
    assert phases["before"].peak - phases["before"].start < EXACT
    assert phases["after"].peak - phases["after"].start < EXACT
    assert phases["planted"].anonymous - phases["before"].anonymous < EXACT
    assert usage.peak_memory == phases["planted"].peak
    assert usage.used_memory == usage.peak_memory - usage.start_memory


def test_planted_on_top_of_a_real_encode_phase_the_peak_is_the_kernels_own_mark():
    model = registry.load("wav2vec2-tiny", device="cpu")
    noise = np.random.default_rng(5).standard_normal((1, 32_000), dtype=np.float32) * 0.1  # [C, T]
    recorder = PhaseRecorder()
    marks = []

    @contextmanager
    def phase(name):
        """The recorder's phase, in whose end we plant and read the mark before it is reset."""
        with recorder.phase(name):
            yield
            if name == "encode":
                plant(PLANTED)
                marks.append(high_water_mark())

    model.embed([noise], context=RunContext(phase=phase))
    encode = by_name(recorder.usage())["encode"]
    assert [encode.peak] == marks
    assert encode.peak - encode.start > PLANTED - EXACT


def high_water_mark():
    """VmHWM, bytes."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line]
    return int(line.split()[1]) * 1024


def test_a_peak_between_the_phases_belongs_to_the_whole_and_to_no_phase():
    recorder = PhaseRecorder()
    with recorder.phase("quiet"):
        pass
    plant(PLANTED)
    with recorder.phase("quiet too"):
        pass
    usage = recorder.usage()
    assert usage.used_memory > PLANTED - EXACT
    assert all(phase.peak < usage.peak_memory - PLANTED + EXACT for phase in usage.phases)


def test_an_inner_phase_keeps_the_peaks_of_the_outer_one_on_both_sides():
    recorder = PhaseRecorder()
    with recorder.phase("outer"):
        plant(PLANTED)
        with recorder.phase("inner"):
            pass
    phases = by_name(recorder.usage())
    assert list(phases) == ["outer", "inner"]
    assert phases["outer"].peak - phases["inner"].peak > PLANTED - EXACT


def test_phases_of_one_name_are_reported_once_with_their_highest_peak_and_all_their_time():
    recorder = PhaseRecorder()
    for size in (PLANTED, MEGABYTE):
        with recorder.phase("batch"):
            plant(size)
    (batch,) = recorder.usage().phases
    assert batch.peak - batch.start == pytest.approx(PLANTED, abs=EXACT)
    assert batch.seconds <= recorder.seconds


def test_a_phase_inside_one_of_its_own_name_counts_once():
    recorder = PhaseRecorder()
    with recorder.phase("encode"), recorder.phase("encode"):
        time.sleep(0.2)
    (encode,) = recorder.usage().phases
    assert encode.seconds < 0.4


def test_a_phase_that_raises_is_still_reported():
    recorder = PhaseRecorder()
    with pytest.raises(ValueError, match="inside"), recorder.phase("broken"):
        raise ValueError("inside")
    assert list(by_name(recorder.usage())) == ["broken"]


def test_memory_that_is_held_counts_at_the_end_of_its_phase():
    recorder = PhaseRecorder()
    with recorder.phase("load"):
        held = bytearray(b"x") * PLANTED
    usage = recorder.usage()
    assert usage.end_memory - usage.start_memory > PLANTED - EXACT
    assert len(held) == PLANTED


def test_the_peak_is_never_below_the_end(monkeypatch):
    readings = iter(range(1, 1000))

    def growing(_proc):
        now = next(readings) * MEGABYTE
        return memory_counters.Resident(total=now, anonymous=now, file_mapped=0, peak=now)

    monkeypatch.setattr(memory, "read_resident", growing)
    usage = PhaseRecorder().usage()
    assert usage.peak_memory >= usage.end_memory >= usage.start_memory


def test_a_mark_that_fell_was_reset_however_coarse_the_counters_of_many_cores_are(tmp_path, monkeypatch):
    (tmp_path / "clear_refs").touch()
    peaks = iter((900, 190))

    def coarse(_proc):
        return memory_counters.Resident(100 * MEGABYTE, 100 * MEGABYTE, 0, next(peaks) * MEGABYTE)

    monkeypatch.setattr(memory_counters, "read_resident", coarse)
    assert memory_counters.can_reset(tmp_path)


def test_where_the_mark_cannot_be_reset_the_report_says_that_it_is_the_lifetime_peak(tmp_path):
    (tmp_path / "status").write_text(
        "Name:\tx\nVmHWM:\t  900 kB\nVmRSS:\t  100 kB\nRssAnon:\t   60 kB\nRssFile:\t   40 kB\n"
    )
    recorder = PhaseRecorder(tmp_path / "nothing")
    assert recorder.usage().peak_source == "lifetime_peak"
    recorder = PhaseRecorder(tmp_path)
    with recorder.phase("any"):
        pass
    usage = recorder.usage()
    assert (usage.phases[0].peak, usage.phases[0].anonymous, usage.phases[0].file_mapped) == (
        900 * 1024,
        60 * 1024,
        40 * 1024,
    )


def test_a_reset_that_is_accepted_but_does_nothing_is_noticed(tmp_path):
    (tmp_path / "status").write_text("Name:\tx\nVmHWM:\t  90000 kB\nVmRSS:\t  100 kB\n")
    (tmp_path / "clear_refs").touch()
    recorder = PhaseRecorder(tmp_path)
    assert (tmp_path / "clear_refs").read_text() == "5"
    assert recorder.usage().peak_source == "lifetime_peak"


class Device:
    """What the recorder asks of torch.cuda: three devices with peaks to set, the second one never used."""

    def __init__(self):
        self.now = [60, 0, 40]
        self.peak = list(self.now)
        self.waited_for = set()

    def use(self, amount, index=2):
        self.peak[index] = max(self.peak[index], self.now[index] + amount)

    def device_count(self):
        return len(self.now)

    def max_memory_allocated(self, index):
        return self.peak[index]

    def reset_peak_memory_stats(self, index):
        self.peak[index] = self.now[index]

    def synchronize(self, index):
        self.waited_for.add(index)


def test_peaks_of_a_cuda_device_are_told_by_phase_too(monkeypatch):
    device = Device()
    monkeypatch.setattr(memory_counters, "cuda", lambda: device)
    recorder = PhaseRecorder()
    with recorder.phase("encode"):
        device.use(50)
        with recorder.phase("inner"):
            device.use(20)
    with recorder.phase("after"):
        pass
    phases = by_name(recorder.usage())
    assert [phases[name].device_peak for name in ("encode", "inner", "after")] == [150, 120, 100]
    assert device.waited_for == {0, 2}  # kernels of a phase end in it; no context is made on an idle device


def test_the_report_crosses_the_wire(start):
    usage = start(faulty=True).result("allocate", {"count": PLANTED})["value"]
    phases = {phase["phase"]: phase for phase in usage["phases"]}
    grown = {name: phase["peak"] - phase["start"] for name, phase in phases.items()}
    assert grown["planted"] == pytest.approx(PLANTED, abs=EXACT)
    assert max(grown["before"], grown["after"]) < EXACT
    assert phases["planted"]["device_peak"] is None


def machine(root, **files):
    for name, text in {"proc/meminfo": "MemAvailable:    8000 kB\n", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_available_memory_is_that_of_the_machine_without_a_limit(tmp_path):
    assert memory_available(machine(tmp_path)) == 8000 * 1024
    assert memory_available() > 0


def test_a_limit_of_a_control_group_above_us_bounds_it_and_cache_can_be_given_up(tmp_path):
    files = {
        "proc/self/cgroup": "0::/user/app\n",
        "sys/fs/cgroup/user/memory.max": "3000000\n",
        "sys/fs/cgroup/user/memory.current": "2500000\n",
        "sys/fs/cgroup/user/memory.stat": "anon 1\ninactive_file 200000\n",
        "sys/fs/cgroup/user/app/memory.max": "max\n",
        "sys/fs/cgroup/user/app/memory.current": "1\n",
        "sys/fs/cgroup/user/app/memory.stat": "anon 1\n",
    }
    assert memory_available(machine(tmp_path, **files)) == 700_000


def test_a_version_one_group_whose_path_is_hidden_in_a_container_is_found_at_the_mount(tmp_path):
    files = {
        "proc/self/cgroup": "4:memory:/docker/abc\n3:cpu:/\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "1000000\n",
        "sys/fs/cgroup/memory/memory.usage_in_bytes": "400000\n",
        "sys/fs/cgroup/memory/memory.stat": "total_inactive_file 100000\n",
    }
    assert memory_available(machine(tmp_path, **files)) == 700_000


def test_an_exhausted_group_gives_nothing_and_not_less(tmp_path):
    files = {
        "proc/self/cgroup": "0::/\n",
        "sys/fs/cgroup/memory.max": "1000\n",
        "sys/fs/cgroup/memory.current": "5000\n",
        "sys/fs/cgroup/memory.stat": "inactive_file 0\n",
    }
    assert memory_available(machine(tmp_path, **files)) == 0
