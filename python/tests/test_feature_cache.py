"""Features are computed once for the same content, model and question, and never given for another one."""

import logging
import os
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from gama_operations import feature_cache, feature_key
from gama_operations.errors import InvalidRequestError
from gama_operations.feature_cache import Entry, FeatureCache
from gama_operations.models.surface import ModelInfo
from gama_operations.protocol import AudioSource, ExtractFeaturesData, TimeSpan
from gama_operations.tensors import Arenas, CallTensors

RATE = 16_000
INFO = {
    "model_id": "one",
    "revision": "r1",
    "family": "wav2vec2",
    "weights": "trained",
    "device": "cpu",
    "dtype": "float32",
    "sample_rate": RATE,
    "window_seconds": None,
    "seconds_per_pass": None,
    "embedding_dim": 2,
    "layers": ("a", "lm"),
    "default_layer": "a",
    "capabilities": ("embed",),
    "parameters": 1,
}


def entry(number, width=8):
    return Entry(np.full(width, number, np.float32), 1.0, 2.0, [TimeSpan(0.0, 1.0)])


def key(number):
    return f"{number:040x}"


def tone(path, hertz, seconds=0.5):
    soundfile.write(path, np.sin(np.arange(round(seconds * RATE)) * hertz / 2500) / 2, RATE)
    return str(path)


@pytest.fixture
def cache(tmp_path):
    return FeatureCache(tmp_path / "features", 1_000_000)


@pytest.mark.parametrize("shape", [(3,), (4, 3), (0, 3)])
def test_an_entry_is_given_back_as_it_was(cache, shape):
    features = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    cache.put(key(1), Entry(features, 1.25, 2.5, [TimeSpan(0.5, 1.0)]))
    found = cache.get(key(1))
    assert np.array_equal(found.features, features)
    assert found.features.dtype == np.float32
    assert found.features.flags.writeable
    assert (found.seconds_heard, found.seconds_given, found.windows) == (1.25, 2.5, [TimeSpan(0.5, 1.0)])
    assert cache.get(key(2)) is None


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "other"])
def test_a_damaged_entry_is_told_removed_and_never_given(cache, tmp_path, caplog, damage):
    cache.put(key(1), entry(7))
    [file] = [path for path in (tmp_path / "features").rglob("*") if path.is_file()]
    data = file.read_bytes()
    flipped = bytearray(data)
    flipped[-3] ^= 1
    changed = {"cut": data[:-1], "flipped": bytes(flipped), "empty": b"", "other": b"x" * len(data)}
    file.write_bytes(changed[damage])
    with caplog.at_level(logging.WARNING):
        assert cache.get(key(1)) is None
    assert "damaged" in caplog.text
    assert not file.exists()
    cache.put(key(1), entry(7))
    assert cache.get(key(1)).features[0] == 7


def test_the_least_recently_used_go_when_there_are_too_many_bytes(tmp_path):
    one = len(feature_cache._encode(entry(0)))
    cache = FeatureCache(tmp_path, 20 * one)
    for number in range(20):
        cache.put(key(number << 140), entry(number))
        place = cache._place(key(number << 140))
        os.utime(place, (1000 + number, 1000 + number))
    assert cache.get(key(0)).features[0] == 0  # used now
    for number in range(20, 24):
        cache.put(key(number << 140), entry(number))
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "room.lock"]
    assert sum(path.stat().st_size for path in files) <= 20 * one
    assert cache.get(key(0)) is not None
    assert cache.get(key(1 << 140)) is None
    assert cache.get(key(23 << 140)) is not None
    cache.put(key(99), entry(1, width=10_000))  # larger than all together
    assert cache.get(key(99)) is None


def test_what_a_dead_process_left_half_written_goes(tmp_path):
    cache = FeatureCache(tmp_path, 10_000)
    cache.put(key(1), entry(1))
    folder = cache._place(key(1)).parent
    (folder / ".old.1.1").write_bytes(b"half")
    os.utime(folder / ".old.1.1", (1, 1))
    (folder / ".new.1.1").write_bytes(b"half")
    FeatureCache(tmp_path, 10_000).put(key(2), entry(2))
    assert [path.name for path in folder.glob(".*")] == [".new.1.1"]


def test_a_folder_that_cannot_be_used_is_told_once_and_stops_nothing(tmp_path, caplog):
    (tmp_path / "features").write_text("a file in its place")
    cache = FeatureCache(tmp_path / "features", 10_000)
    with caplog.at_level(logging.WARNING):
        for number in range(3):
            cache.put(key(number), entry(number))
            assert cache.get(key(number)) is None
    assert caplog.text.count("cannot be used") == 1


WRITER = """
import sys, numpy as np
from pathlib import Path
from gama_operations.feature_cache import Entry, FeatureCache
cache = FeatureCache(Path(sys.argv[1]), 40_000)
for round in range(150):
    for number in range(round % 7, 60, 7):
        name = f"{number:040x}"
        found = cache.get(name)
        assert found is None or (found.features == number).all(), number
        cache.put(name, Entry(np.full(200, number, np.float32), 1.0, 1.0, []))
"""


def test_processes_that_share_it_never_see_half_an_entry_and_keep_the_bound(tmp_path):
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    writers = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for writer in writers:
        _, errors = writer.communicate(timeout=300)
        assert writer.returncode == 0, errors
        assert "damaged" not in errors
    left = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert left <= 40_000 * (1 + 3 * feature_cache.LOOK_AGAIN_SHARE) + 1000


def test_the_limit_is_the_environment_s_and_nonsense_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("GRYM_CACHE", str(tmp_path))
    monkeypatch.setenv(feature_cache.LIMIT, "0")
    assert feature_cache.open_cache() is None
    for stated in ("many", "-1", "inf", "nan"):
        monkeypatch.setenv(feature_cache.LIMIT, stated)
        with pytest.raises(InvalidRequestError, match="GRYM_FEATURE_CACHE_MB"):
            feature_cache.open_cache()
    monkeypatch.delenv(feature_cache.LIMIT)
    assert feature_cache.open_cache()._max_bytes == 1024 * 1_000_000


def shared(info=None, **data):
    return feature_key.request_key(ModelInfo(**INFO | (info or {})), ExtractFeaturesData(**data))


def test_each_thing_that_features_depend_on_changes_the_key(tmp_path, monkeypatch):
    tensors = CallTensors(Arenas(None, None, "json"))
    path, other = tone(tmp_path / "a.wav", 440), tone(tmp_path / "b.wav", 441)

    def of(source, **options):
        return feature_key.clip_key(shared(**options), AudioSource(**source), tensors)

    same = of({"path": path})
    assert of({"path": path}, layer="a") == same  # the default layer
    assert of({"path": tone(tmp_path / "copy.wav", 440)}) == same  # a name is nothing
    assert of({"path": path}, info={"device": "cpu:0"}) == same
    others = [
        of({"path": other}),
        of({"path": path, "offset": 0.1}),
        of({"path": path, "duration": 0.1}),
        of({"samples": [0.0, 0.5], "sample_rate": RATE}),
        of({"samples": [0.0, 0.5], "sample_rate": 8000}),
        of({"samples": [[0.0], [0.5]], "sample_rate": RATE}),
        of({"path": path}, layer="lm"),
        of({"path": path}, pooling="mean_std"),
        of({"path": path}, long_audio="windows"),
        *(
            of({"path": path}, info=change)
            for change in (
                {"revision": "r2"},
                {"model_id": "two"},
                {"weights": "random"},
                {"dtype": "bfloat16"},
                {"quantization": "8bit"},
                {"device": "cuda:0"},
                {"sample_rate": 8000},
                {"window_seconds": 5.0},
            )
        ),
    ]
    monkeypatch.setattr(feature_key, "code_version", lambda: "changed")
    others.append(of({"path": path}))
    assert len({same, *others}) == len(others) + 1
    assert None not in others


def test_what_cannot_be_told_apart_or_read_has_no_key(tmp_path):
    assert shared({"family": "statistics"}) is None
    os.mkfifo(tmp_path / "pipe")
    tensors = CallTensors(Arenas(None, None, "json"))
    for source in (
        {"path": str(tmp_path / "missing.wav")},
        {"path": str(tmp_path / "pipe")},
        {"path": str(tmp_path)},
        {"path": "x\0y"},
        {"path": "a", "samples": [0.0]},
        {},
    ):
        assert feature_key.clip_key(b"", AudioSource(**source), tensors) is None


def test_the_code_and_the_libraries_are_part_of_the_key():
    assert feature_key.code_version() == feature_key.code_version()
    assert len(feature_key.code_version()) == 2 * feature_key.KEY_BYTES


def test_clips_of_a_batch_come_from_the_cache_also_in_another_process(start, tmp_path):
    environment = {"GRYM_CACHE": str(tmp_path / "cache"), "GRYM_FEATURE_CACHE_MB": "10"}
    paths = [tone(tmp_path / f"{n}.wav", 100 * (n + 1)) for n in range(3)]
    (tmp_path / "bad.wav").write_bytes(b"RIFF")
    data = {"model": "wav2vec2-tiny", "reply": "json", "batch_size": 2}
    first = start(environment=environment)
    new = first.result("extract_features", data | {"audios": paths[:2], "cache": True})
    assert new["cached"] == [False, False]
    asked = data | {"audios": [*paths, str(tmp_path / "bad.wav")], "cache": True}
    known = first.result("extract_features", asked)
    assert known["cached"] == [True, True, False, False]
    assert known["features"][:2] == new["features"]
    assert known["clip_seconds"][:2] == [0, 0]
    assert [failure["index"] for failure in known["failures"]] == [3]
    one = data | {"audio": paths[2], "cache": True}
    assert first.result("extract_features", one)["cached"] == [True]
    # switched off, and while a profile runs, all is computed
    off = first.result("extract_features", data | {"audios": paths})
    assert off["cached"] == [False] * 3
    assert np.abs(np.float32(off["features"]) - np.float32(known["features"][:3])).max() < 1e-5
    profile = first.result("start_profile", {"interval": 1.0})["profile"]
    assert first.result("extract_features", one)["cached"] == [False]
    first.result("stop_profile", {"profile": profile})
    other = start(environment=environment)
    assert other.result("extract_features", asked)["features"] == known["features"]
    # the same place with another content
    tone(paths[0], 3000)
    changed = other.result("extract_features", asked)
    assert changed["cached"] == [False, True, True, False]
    assert changed["features"][0] != known["features"][0]
    # a stream says it, too
    other.send_line(
        {"id": "s", "operation": "extract_features", "data": asked | {"audios": paths}, "credit": 9}
    )
    while (message := other.receive()).get("event") != "part":
        pass
    assert message["data"]["value"]["cached"] == [True] * 2
