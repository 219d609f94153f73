"""Features are computed once for the same content, model and question, and never given for another one."""

import os

import numpy as np
import pytest
import soundfile

from gama_operations import cache_key
from gama_operations.feature_entries import Entry, decode, encode
from gama_operations.feature_key import request_key
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


def tone(path, hertz, seconds=0.5):
    soundfile.write(path, np.sin(np.arange(round(seconds * RATE)) * hertz / 2500) / 2, RATE)
    return str(path)


@pytest.mark.parametrize("shape", [(3,), (4, 3), (0, 3)])
def test_features_are_given_back_as_they_were(shape):
    features = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    found = decode(encode(Entry(features, 1.25, 2.5, [TimeSpan(0.5, 1.0)])))
    assert np.array_equal(found.features, features)
    assert found.features.dtype == np.float32
    assert found.features.flags.writeable
    assert (found.seconds_heard, found.seconds_given, found.windows) == (1.25, 2.5, [TimeSpan(0.5, 1.0)])


def shared(info=None, **data):
    return request_key(ModelInfo(**INFO | (info or {})), ExtractFeaturesData(**data))


def test_each_thing_that_features_depend_on_changes_the_key(tmp_path, monkeypatch):
    tensors = CallTensors(Arenas(None, None, "json"))
    path, other = tone(tmp_path / "a.wav", 440), tone(tmp_path / "b.wav", 441)

    def of(source, **options):
        return cache_key.clip_key(shared(**options), AudioSource(**source), tensors)

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
    monkeypatch.setattr(cache_key, "code_version", lambda: "changed")
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
        assert cache_key.clip_key(b"", AudioSource(**source), tensors) is None


def test_the_code_and_the_libraries_are_part_of_the_key():
    assert cache_key.code_version() == cache_key.code_version()
    assert len(cache_key.code_version()) == 2 * cache_key.KEY_BYTES


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
