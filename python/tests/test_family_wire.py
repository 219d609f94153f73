"""Models of the family through the process, as notebooks use them."""

import pytest

from family_models import load, noise, save
from gama_operations.models.family.catalogue import CAPABILITIES

KINDS = ("ast", "qwen2-audio")
SHORT, LONG = ([float(value) for value in noise(seconds, 3)[0]] for seconds in (0.6, 5))


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return {kind: str(save(tmp_path_factory.mktemp(kind) / kind, kind)) for kind in KINDS}


def test_a_loaded_model_says_what_it_is_and_can_do(process, folders):
    model = process.result("load_model", {"model": folders["qwen2-audio"]})["model"]
    assert (model["family"], model["window_seconds"], model["default_layer"]) == ("qwen2-audio", 2, "encoder")
    assert model["capabilities"] == ["embed", "describe", "score"]
    assert "leaks" in model["notes"][0]
    model = process.result("load_model", {"model": folders["ast"]})["model"]
    assert (model["family"], model["window_seconds"], model["capabilities"]) == ("ast", 1.28, ["embed"])


def test_a_long_clip_is_cut_refused_or_embedded_in_windows(process, folders):
    asked = {"audio": LONG, "model": folders["ast"]}
    cut = process.result("extract_features", asked)
    assert (cut["seconds_heard"], cut["seconds_given"]) == ([1.28], [5.0])
    assert process.error("extract_features", asked | {"long_audio": "error"})["code"] == "audio_too_long"
    whole = process.result("extract_features", asked | {"long_audio": "windows"})
    assert [(one["start"], one["end"]) for one in whole["windows"]][::3] == [(0.0, 1.28), (3.84, 5.0)]
    assert whole["seconds_heard"] == [pytest.approx(5.0)]


def test_an_audio_language_model_answers_and_scores_each_window_as_heard(process, folders):
    asked = {"model": folders["qwen2-audio"], "prompt": "What?"}
    options = {"options": {"max_new_tokens": 5}}
    answer = process.result("process_audio", {"audio": LONG, "long_audio": "windows", **asked, **options})
    assert [(one["start"], one["end"]) for one in answer["windows"]] == [(0, 2), (2, 4), (4, 5)]
    assert answer["seconds_heard"] == 5
    scored = process.result("score", {"audios": [SHORT, LONG], "candidates": ["dog", "cat"], **asked})
    assert [clip["seconds_heard"] for clip in scored["clips"]] == [pytest.approx(0.6), 2]
    assert all(value < 0 for clip in scored["clips"] for value in clip["log_probabilities"])


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_type_can_do_is_known_before_it_is_loaded(folders, kind):
    model = load(folders[kind])
    assert CAPABILITIES[model.transformer.config.model_type] == model.info.capabilities
