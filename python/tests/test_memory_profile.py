"""Profiles: what one start and one stop tell about everything between them, also side by side."""

import gc
import itertools
import time

import pytest

from fixtures.process.faulty import plant
from gama_operations import memory_profile
from gama_operations.errors import InvalidRequestError
from gama_operations.memory import PhaseRecorder
from gama_operations.memory_counters import Resident
from gama_operations.memory_profile import MAX_PROFILES, Profiles
from gama_operations.memory_timeline import MAX_SAMPLES, Sample, Sampler, merge_pairs
from gama_operations.protocol import MemorySpan
from test_memory import EXACT, MEGABYTE, PLANTED

RARELY = 60.0  # seconds between samples: what is shorter is seen by the mark or not at all


def begin(profiles, interval=RARELY):
    gc.collect()
    return profiles.start(interval, PhaseRecorder(profiles=profiles).account())


def end(profiles, number):
    return profiles.stop(number, PhaseRecorder(profiles=profiles).account())


def test_every_phase_of_every_operation_is_told_with_its_own_exact_peak():
    profiles = Profiles()
    number = begin(profiles)
    first = PhaseRecorder(operation="first", profiles=profiles)
    with first.phase("load"), first.phase("read"):
        plant(PLANTED)
    second = PhaseRecorder(operation="second", profiles=profiles)
    with second.phase("encode"):
        pass
    profile = end(profiles, number)
    spans = [(span.operation, span.phase, span.depth) for span in profile.spans]
    assert spans == [("first", "load", 0), ("first", "read", 1), ("second", "encode", 0)]
    load, read, encode = profile.spans
    assert read.peak - read.start == pytest.approx(PLANTED, abs=EXACT)
    assert load.peak == read.peak == profile.peak_memory
    assert encode.peak - encode.start < EXACT
    assert 0 <= load.began <= read.began < encode.began < profile.seconds
    assert profile.peak_source == "high_water_mark"
    assert profile.used_memory == profile.peak_memory - profile.start_memory


def test_a_peak_outside_of_all_phases_is_told_as_such():
    profiles = Profiles()
    number = begin(profiles)
    plant(PLANTED)  # between the operations
    with PhaseRecorder(operation="any", profiles=profiles).phase("encode"):
        pass
    profile = end(profiles, number)
    assert profile.peak_outside == profile.peak_memory
    assert profile.used_memory == pytest.approx(PLANTED, abs=EXACT)
    assert profile.spans[0].peak - profile.spans[0].start < EXACT


def test_a_peak_inside_a_phase_is_none_outside():
    profiles = Profiles()
    number = begin(profiles)
    with PhaseRecorder(operation="any", profiles=profiles).phase("encode"):
        plant(PLANTED)
    profile = end(profiles, number)
    assert profile.peak_memory - profile.peak_outside > PLANTED - EXACT


def test_a_profile_that_begins_or_ends_hides_no_peak_from_another():
    profiles = Profiles()
    whole = begin(profiles)
    plant(PLANTED)
    late = begin(profiles)  # resets the mark
    early = begin(profiles)
    assert end(profiles, early).used_memory < EXACT  # so does the end
    plant(MEGABYTE)
    assert end(profiles, late).used_memory < EXACT
    assert end(profiles, whole).used_memory == pytest.approx(PLANTED, abs=EXACT)


def test_an_operation_sees_its_own_peak_although_a_profile_begins_inside_it():
    profiles = Profiles()
    recorder = PhaseRecorder(profiles=profiles)
    with recorder.phase("outer"):
        plant(PLANTED)
        number = profiles.start(RARELY, recorder.account())
    assert recorder.usage().used_memory == pytest.approx(PLANTED, abs=EXACT)
    assert end(profiles, number).used_memory < EXACT


def test_the_timeline_shows_what_is_held_and_what_is_of_which_kind():
    profiles = Profiles()
    number = begin(profiles, interval=0.005)
    held = bytearray(b"x") * PLANTED
    time.sleep(0.1)
    profile = end(profiles, number)
    timeline = profile.timeline
    assert len(held) == PLANTED
    columns = (timeline.anonymous, timeline.file_mapped, timeline.shared, timeline.device_allocated)
    assert {len(column) for column in columns} == {len(timeline.seconds)}
    assert timeline.seconds == sorted(timeline.seconds)
    assert 0 <= timeline.seconds[0] < timeline.seconds[-1] <= profile.seconds
    assert timeline.anonymous[-1] - timeline.anonymous[0] == pytest.approx(PLANTED, abs=EXACT)
    assert timeline.file_mapped[0] > MEGABYTE
    assert set(timeline.device_allocated) == {None}


def test_the_number_of_samples_stays_bounded_and_the_highest_stays(monkeypatch):
    monkeypatch.setattr("gama_operations.memory_timeline.MAX_SAMPLES", 8)
    profiles = Profiles()
    number = begin(profiles, interval=0.001)
    held = bytearray(b"x") * PLANTED
    time.sleep(0.05)
    del held
    time.sleep(0.1)
    timeline = end(profiles, number).timeline
    assert len(timeline.seconds) <= 8
    assert timeline.interval >= 0.002
    assert max(timeline.anonymous) - min(timeline.anonymous) > PLANTED - EXACT


def test_of_two_samples_the_higher_one_stays_whole():
    samples = [Sample(float(i), total, total - 1, 1, 0, None) for i, total in enumerate((5, 9, 7, 3, 4))]
    assert merge_pairs(samples) == [samples[1], samples[2], samples[4]]
    assert MAX_SAMPLES % 2 == 0


def without_a_mark(tmp_path, *totals):
    """Counters that can be read and not reset, as in a container without the rights; and their writer."""
    status = tmp_path / "status"

    def write(total):
        status.write_text(
            f"Name:\tx\nVmHWM:\t 900000 kB\nVmRSS:\t {total} kB\nRssAnon:\t {total} kB\nRssFile:\t 0 kB\n"
        )

    write(totals[0])
    return write


def test_without_a_mark_the_peaks_are_the_highest_samples_and_say_so(tmp_path):
    write = without_a_mark(tmp_path, 100_000)
    profiles = Profiles()

    def operation():
        return PhaseRecorder(tmp_path, "any", profiles)  # each has one of its own

    number = profiles.start(0.001, operation().account(), tmp_path)
    with operation().phase("encode"):
        write(300_000)
        wait_for_a_sample(profiles, 300_000 * 1024)
        write(100_000)
    with operation().phase("after"):
        pass
    profile = profiles.stop(number, operation().account())
    assert profile.peak_source == "sampled"
    assert [span.peak for span in profile.spans] == [300_000 * 1024, 100_000 * 1024]
    assert (profile.peak_memory, profile.peak_outside) == (300_000 * 1024, 100_000 * 1024)


def wait_for_a_sample(profiles, total):
    (profile,) = profiles._running.values()
    deadline = time.monotonic() + 60
    while all(sample.total != total for sample in profile.sampler.samples):
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_where_nothing_can_be_read_the_peak_is_that_of_the_process(tmp_path):
    profiles = Profiles()
    recorder = PhaseRecorder(tmp_path / "nothing", "any", profiles)
    number = profiles.start(RARELY, recorder.account(), tmp_path / "nothing")
    with recorder.phase("encode"):
        pass
    profile = profiles.stop(number, recorder.account())
    assert profile.peak_source == "lifetime_peak"
    assert profile.spans[0].peak == profile.peak_memory > 0


def test_an_unknown_profile_is_refused_with_what_may_have_happened():
    with pytest.raises(InvalidRequestError, match="the process was restarted since"):
        end(Profiles(), 7)


def test_profiles_that_nobody_stops_do_not_add_up_for_ever():
    profiles = Profiles()
    now = PhaseRecorder(profiles=profiles).account()
    numbers = [profiles.start(RARELY, now) for _ in range(MAX_PROFILES)]
    with pytest.raises(InvalidRequestError, match="stop those that were forgotten"):
        begin(profiles)
    for number in numbers:
        profiles.stop(number, now)
    assert end(profiles, begin(profiles)).spans == []


def test_beyond_a_limit_spans_are_joined_and_lose_neither_time_nor_peak(monkeypatch):
    monkeypatch.setattr(memory_profile, "MAX_SPANS", 3)
    now = Resident(total=100, anonymous=100, file_mapped=0, peak=100)
    profiles = Profiles()
    number = profiles.start(RARELY, now)
    began = profiles._running[number].began
    for index, (phase, peak) in enumerate(zip("ababac", (1, 2, 3, 9, 4, 5), strict=True)):
        profiles.add(MemorySpan("any", phase, 0, began + index, 1.0, peak - 1, peak, 0, 0, 0, 0, None))
    spans = profiles.stop(number, now).spans
    # `a` and `b` once more were joined to their last; `c` is the first of its kind, and stays
    assert [(span.phase, span.seconds, span.start, span.peak) for span in spans] == [
        ("a", 1.0, 0, 1),
        ("b", 2.0, 8, 9),
        ("a", 2.0, 3, 4),
        ("c", 1.0, 4, 5),
    ]


def test_a_sampler_thread_ends_with_its_profile():
    sampler = Sampler(RARELY, time.perf_counter())
    sampler.stop()
    assert not sampler._thread.is_alive()


def test_a_profile_of_a_real_process_tells_operations_phases_and_the_planted_peak(start):
    process = start(faulty=True)
    profile = process.result("start_profile", {"interval": 0.01})["profile"]
    process.result("allocate", {"count": PLANTED})
    process.result("extract_features", {"audio": [0.1] * 16_000, "model": "fbank", "reply": "json"})
    report = process.result("stop_profile", {"profile": profile})
    spans = {(span["operation"], span["phase"]): span for span in report["spans"]}
    planted = spans["allocate", "planted"]
    assert planted["peak"] - planted["start"] == pytest.approx(PLANTED, abs=EXACT)
    assert report["used_memory"] >= PLANTED - EXACT
    for phase in ("before", "after"):
        span = spans["allocate", phase]
        assert span["peak"] - span["start"] < EXACT
    assert {("extract_features", "load"), ("extract_features", "decode")} <= spans.keys()
    order = [span["began"] for span in report["spans"]]
    assert order == sorted(order)


def test_loading_is_a_phase_with_its_stages_inside_and_freeing_tells_what_stays(start):
    process = start()
    profile = process.result("start_profile")["profile"]
    usage = process.result("load_model", {"model": "wav2vec2-tiny"})["memory_usage"]
    process.result("load_model", {"model": "wav2vec2-tiny"})
    spans = process.result("stop_profile", {"profile": profile})["spans"]
    assert [span["phase"] for span in spans if span["depth"] == 0] == ["load"]  # found, the second time
    stages = [span["phase"] for span in spans if span["depth"] == 1]
    assert list(dict.fromkeys(stages)) == ["import", "read", "build"]
    assert {phase["phase"] for phase in usage["phases"]} == {"load", "import", "read", "build"}
    freed = process.result("free_memory", {"models": ["wav2vec2-tiny", "never-loaded"]})
    assert freed["unloaded"] == ["wav2vec2-tiny"]
    usage = freed["memory_usage"]
    assert 0 < usage["end_memory"] < usage["start_memory"]
    left = freed["anonymous"] + freed["file_mapped"] + freed["shared"]
    assert left == pytest.approx(usage["end_memory"], abs=EXACT)
    assert process.result("status")["models"] == []


def test_a_stop_of_a_profile_of_another_process_is_an_invalid_request(start):
    error = start().error("stop_profile", {"profile": 1})
    assert error["code"] == "invalid_request"
    assert "restarted" in error["message"]


def test_statistics_tell_their_memory_too(start):
    process = start()
    groups = [str(index // 2) for index in range(40)]
    signs = list(itertools.islice(itertools.cycle((0.0, 1.0)), 40))
    compared = process.result("compare", {"a": signs, "b": [0.5] * 40, "groups": groups})
    assert {"import", "compare"} == {phase["phase"] for phase in compared["memory_usage"]["phases"]}
    assert compared["processing_time"] > 0
    probed = process.result(
        "probe",
        {
            "features": [[sign, 1.0] for sign in signs],
            "labels": [str(sign) for sign in signs],
            "groups": groups,
            "kind": "knn",
        },
    )
    assert "probe" in {phase["phase"] for phase in probed["memory_usage"]["phases"]}
    usage = probed["memory_usage"]
    assert usage["used_memory"] == usage["peak_memory"] - usage["start_memory"] >= 0
