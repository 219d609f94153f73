"""The rule by which a clip becomes numbers: each part of it, and what results say of it."""

import itertools

import numpy as np
import pytest

from conftest import Process
from gama_operations.hearing import Heard
from gama_operations.models.registry import load
from gama_operations.windows import slide
from gama_tiny import write_folder
from wav2vec2_models import LAYERS, RATE, SAME, noise, save


@pytest.fixture(scope="module")
def process(tmp_path_factory):
    kept = {"GRYM_CACHE": str(tmp_path_factory.mktemp("cache")), "GRYM_FEATURE_CACHE_MB": "64"}
    shared = Process(environment=kept)
    yield shared
    shared.close()


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return str(save(tmp_path_factory.mktemp("models") / "encoder"))


@pytest.fixture(scope="module")
def gama(tmp_path_factory):
    return str(write_folder(tmp_path_factory.mktemp("models") / "tiny-gama"))


def extract(process, model, samples, **rule):
    return process.result("extract_features", {"audio": samples[0].tolist(), "model": model, **rule})


@pytest.mark.parametrize(("number", "name"), [(0, "hidden.0"), (3, "hidden.3"), (-1, f"hidden.{LAYERS}")])
def test_a_layer_may_be_given_by_its_number(process, encoder, number, name):
    clip = noise(0.5)
    by_number, by_name = (extract(process, encoder, clip, layer=layer) for layer in (number, name))
    assert by_number["features"] == by_name["features"]
    assert (by_number["layer"], by_number["layers"]) == (name, [name])


@pytest.mark.parametrize("pooling", ["mean", "mean_std"])
def test_all_layers_are_the_rows_that_each_gives_alone(process, encoder, pooling):
    clip = noise(0.5, 1)
    found = extract(process, encoder, clip, layer="all", pooling=pooling)
    assert (found["layer"], found["layers"]) == ("all", [f"hidden.{n}" for n in range(LAYERS + 1)])
    for name, row in zip(found["layers"], found["features"], strict=True):
        alone = extract(process, encoder, clip, layer=name, pooling=pooling)["features"]
        assert np.abs(np.array(row) - alone).max() < SAME


def test_all_layers_of_a_model_of_several_widths_are_those_as_wide_as_its_default(process, gama):
    clip = noise(1.0, 2)
    found = extract(process, gama, clip, layer="all")
    info = load(gama, device="cpu").info
    assert info.default_layer in found["layers"]
    assert found["layers"] == [name for name in info.layers if name in found["layers"]]
    assert found["shape"] == [len(found["layers"]), info.embedding_dim]
    for name, row in zip(found["layers"], found["features"], strict=True):
        assert extract(process, gama, clip, layer=name)["features"] == pytest.approx(row, abs=1e-5)
    for name in set(info.layers) - set(found["layers"]):
        assert extract(process, gama, clip, layer=name)["shape"] != [info.embedding_dim]


def test_all_layers_of_a_batch_are_those_of_each_clip_alone(process, encoder):
    clips = [noise(0.7, 3), noise(0.3, 4)]
    asked = {"audios": [clip[0].tolist() for clip in clips], "model": encoder, "layer": "all", "cache": False}
    found = process.result("extract_features", asked)
    assert found["shape"] == [2, LAYERS + 1, 32]
    for clip, rows in zip(clips, found["features"], strict=True):
        alone = extract(process, encoder, clip, layer="all", cache=False)["features"]
        assert np.abs(np.array(rows) - alone).max() < SAME


def test_rows_of_unit_length_point_where_the_others_point(process, encoder):
    clip = noise(1.0, 5)
    for rule in ({}, {"layer": "all"}, {"pooling": "none"}):
        plain, unit = (extract(process, encoder, clip, l2=l2, **rule) for l2 in (False, True))
        rows, scaled = np.array(plain["features"]), np.array(unit["features"])
        assert np.linalg.norm(scaled, axis=-1) == pytest.approx(1.0, abs=1e-6)
        assert scaled == pytest.approx(rows / np.linalg.norm(rows, axis=-1, keepdims=True), abs=1e-6)
        assert (plain["l2"], unit["l2"]) == (False, True)


def test_windows_and_hop_give_a_row_and_a_span_each_equal_to_that_part_alone(process, encoder):
    clip = noise(2.3, 6)
    rule = {"long_audio": "windows", "window_seconds": 1.0, "hop_seconds": 0.5}
    found = extract(process, encoder, clip, **rule)
    spans = [(window["start"], window["end"]) for window in found["windows"]]
    assert spans == [(0.0, 1.0), (0.5, 1.5), (1.0, 2.0), (1.5, 2.3)]
    assert {name: found[name] for name in rule} == rule
    assert (found["seconds_heard"], found["seconds_given"]) == ([2.3], [2.3])
    for (start, end), row in zip(spans, found["features"], strict=True):
        part = clip[:, round(start * RATE) : round(end * RATE)]
        assert np.abs(np.array(extract(process, encoder, part)["features"]) - row).max() < SAME
    stacked = extract(process, encoder, clip, layer="all", **rule)
    assert stacked["shape"] == [4, LAYERS + 1, 32]


def test_each_rule_has_its_own_place_in_the_cache(process, encoder):
    clip = noise(1.5, 7)
    windows = {"long_audio": "windows", "window_seconds": 1.0}
    rules = [
        {},
        {"l2": True},
        {"layer": "all"},
        {"layer": 1},
        windows,
        {**windows, "hop_seconds": 0.5},
        {"pooling": "mean_std"},
    ]
    first = [extract(process, encoder, clip, cache=False, **rule) for rule in rules]
    for _ in range(2):
        for rule, fresh in zip(rules, first, strict=True):
            kept = extract(process, encoder, clip, cache=True, **rule)
            names = ("features", "layers", "windows", "window_seconds", "hop_seconds", "l2", "seconds_heard")
            assert {name: kept[name] for name in names} == {name: fresh[name] for name in names}
    assert kept["cached"] == [True]


def test_a_result_says_by_which_rule_it_was_made(process, gama):
    found = extract(process, gama, noise(0.5), long_audio="windows", pooling="mean_std")
    info = load(gama, device="cpu").info
    assert (found["window_seconds"], found["hop_seconds"]) == (info.window_seconds,) * 2
    assert (found["pooling"], found["l2"], found["long_audio"]) == ("mean_std", False, "windows")
    assert (found["revision"], found["dtype"]) == (info.revision, "float32")
    plain = extract(process, gama, noise(0.5))
    assert (plain["window_seconds"], plain["hop_seconds"]) == (None, None)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (
            {"layer": "hidden.9"},
            "hidden.1, hidden.2, hidden.3, hidden.4. Give a name, a number",
        ),
        ({"layer": 5}, "from 0 to 4"),
        ({"layer": -6}, "from -1 to -5"),
        ({"layer": "all", "pooling": "none"}, "name one layer"),
        ({"pooling": "median"}, "one of mean, mean_std, none"),
        ({"long_audio": "fold"}, "one of truncate, error, windows"),
        ({"window_seconds": 1.0}, "give it, too"),
        ({"hop_seconds": 1.0, "long_audio": "windows"}, "needs a `window_seconds`"),
        ({"hop_seconds": 2.0, "window_seconds": 1.0, "long_audio": "windows"}, "at most a window"),
        ({"window_seconds": 0.001, "long_audio": "windows"}, "from 0.025 to any length"),
        ({"window_seconds": 1.0, "long_audio": "windows", "pooling": "none"}, "not with `pooling: none`"),
        ({"l2": "yes"}, r"Expected `bool`"),
    ],
)
def test_a_rule_that_cannot_be_followed_is_refused_with_what_is_allowed(process, encoder, rule, said):
    error = process.error("extract_features", {"audio": [0.1] * 8_000, "model": encoder, **rule})
    assert error["code"] == "invalid_request"
    assert said in error["message"]


def test_a_window_longer_than_the_model_hears_is_refused(process, gama):
    asked = {"audio": [0.1] * 8_000, "model": gama, "long_audio": "windows", "window_seconds": 99.0}
    error = process.error("extract_features", asked)
    assert error["code"] == "invalid_request"
    assert "hears at once" in error["message"]


@pytest.mark.parametrize("seed", range(20))
def test_windows_cover_a_clip_without_a_gap_and_none_lies_within_its_predecessor(seed):
    rng = np.random.default_rng(seed)
    samples = int(rng.integers(1, 3 * RATE))
    heard = Heard(np.zeros((1, samples), np.float32), samples / RATE)
    window = float(rng.uniform(0.05, 1.0))
    windows = slide(heard, RATE, window, window * float(rng.uniform(0.1, 1.0)))
    assert windows[0].start == 0.0
    assert heard.seconds - windows[-1].end < 0.025
    for before, after in itertools.pairwise(windows):
        assert before.start < after.start <= before.end + 1e-9
        assert before.end < after.end
