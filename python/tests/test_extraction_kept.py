"""Features that must be equal to the bit come from the cache with all clips of their call, or not at all."""

import numpy as np
import pytest
import soundfile
import torch

from conftest import Process
from gama_operations import cache_key
from gama_operations.feature_key import call_keys
from gama_operations.models.surface import ModelInfo
from gama_operations.protocol import ExtractFeaturesData

RATE = 16_000
INFO = ModelInfo(
    model_id="one",
    revision="r1",
    family="wav2vec2",
    weights="trained",
    device="cpu",
    dtype="float32",
    sample_rate=RATE,
    window_seconds=None,
    seconds_per_pass=None,
    embedding_dim=2,
    layers=("a",),
    default_layer="a",
    capabilities=("embed",),
    parameters=1,
    attention="sdpa",
)


def tone(path, hertz, seconds):
    soundfile.write(path, np.sin(np.arange(round(seconds * RATE)) * hertz / 2500) / 2, RATE)
    return str(path)


@pytest.fixture(scope="module")
def process(tmp_path_factory):
    """One process with a cache of its own."""
    kept = {"GRYM_CACHE": str(tmp_path_factory.mktemp("cache")), "GRYM_FEATURE_CACHE_MB": "64"}
    process = Process(environment=kept)
    yield process
    process.close()


@pytest.fixture(scope="module")
def heard(process, tmp_path_factory):
    """Clips of several lengths, and who extracts their features."""
    folder = tmp_path_factory.mktemp("kept")
    paths = [tone(folder / f"{n}.wav", 100 * (n + 1), 0.3 + 0.1 * n) for n in range(5)]

    def extract(clips, **more):
        data = {"model": "wav2vec2-tiny", "reply": "json", "audios": clips, "cache": True}
        return process.result("extract_features", data | {"composition": "same"} | more)

    return folder, paths, extract


def test_the_same_call_comes_from_the_disk_whole_and_equal_to_the_bit(heard):
    _, paths, extract = heard
    plain = extract(paths, cache=False)
    first, second = extract(paths), extract(paths)
    assert [first["cached"], second["cached"]] == [[False] * 5, [True] * 5]
    assert plain["features"] == first["features"] == second["features"]
    for field in ("seconds_heard", "seconds_given", "layer", "shape"):
        assert second[field] == first[field]
    assert second["clip_seconds"] == [0.0] * 5


def test_other_neighbours_another_order_or_batch_size_are_another_call(heard):
    _, paths, extract = heard
    extract(paths)
    for clips, more in (
        (paths[:4], {}),
        (paths[::-1], {}),
        (paths, {"batch_size": 2}),
        (paths, {"pooling": "mean_std"}),
    ):
        assert extract(clips, **more)["cached"] == [False] * len(clips)
        assert extract(clips, **more)["cached"] == [True] * len(clips)


def test_neither_kind_of_cache_takes_from_the_other(heard):
    _, paths, extract = heard
    alone = [paths[1], paths[3]]
    assert extract(alone, composition="any")["cached"] == [False] * 2
    assert extract(alone)["cached"] == [False] * 2
    assert extract([*alone, paths[0]], composition="any")["cached"] == [True, True, False]


def test_a_call_with_a_changed_or_broken_clip_is_heard_whole(heard):
    folder, paths, extract = heard
    other = tone(folder / "other.wav", 900, 0.3)
    clips = [paths[0], other]
    extract(clips)
    tone(folder / "other.wav", 901, 0.3)
    assert extract(clips)["cached"] == [False, False]
    (folder / "broken.wav").write_bytes(b"RIFF")
    broken = [paths[0], str(folder / "broken.wav")]
    for _ in range(2):
        found = extract(broken)
        assert found["cached"] == [False, False]
        assert [failure["index"] for failure in found["failures"]] == [1]
    missing = [paths[0], str(folder / "missing.wav")]
    assert [failure["code"] for failure in extract(missing)["failures"]] == ["audio_not_found"]


@pytest.mark.parametrize("change", ["clips", "order", "batch", "attention", "threads", "processor"])
def test_whatever_changes_the_last_bits_changes_all_keys(monkeypatch, change):
    clips, data = ["a", "b"], ExtractFeaturesData(batch_size=2)
    before = call_keys(clips, INFO, data)
    info = INFO
    match change:
        case "clips":
            clips = ["a", "c"]
        case "order":
            clips = ["b", "a"]
        case "batch":
            data = ExtractFeaturesData(batch_size=3)
        case "attention":
            info = ModelInfo(
                **{name: getattr(INFO, name) for name in INFO.__slots__} | {"attention": "eager"}
            )
        case "threads":
            threads = torch.get_num_threads() + 1
            monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
        case _:
            monkeypatch.setattr(cache_key, "processor", lambda: "another one")
    after = call_keys(clips, info, data)
    assert len({*before, *after}) == 4


def test_a_stream_is_refused_since_its_parts_are_no_whole_call(heard, process):
    _, paths, _ = heard
    data = {"model": "wav2vec2-tiny", "audios": paths, "cache": True, "composition": "same"}
    process.send_line({"id": "s", "operation": "extract_features", "data": data, "credit": 2})
    while "error" not in (message := process.receive()):
        pass
    assert message["error"]["code"] == "invalid_request"
