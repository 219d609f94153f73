"""Clips longer than a model's window: what is heard of them, by policy, and what is said about it."""

from dataclasses import replace

import numpy as np
import pytest

from gama_operations.errors import AudioTooLongError
from gama_operations.hearing import Heard
from gama_operations.models.mel_statistics import MelStatistics
from gama_operations.windows import cut
from gama_tiny import noise, write_folder

RATE = 16_000
WINDOW = 1.28  # seconds, of gama_tiny
INFO = replace(MelStatistics("fbank").info, model_id="short", window_seconds=WINDOW)


def heard(samples, seconds=None):
    return Heard(noise(samples, channels=2), samples / RATE if seconds is None else seconds)


@pytest.mark.parametrize("samples", [1, 20_480, 20_481 + 400, 40_960, 50_000])
def test_windows_follow_each_other_and_cover_the_clip_the_last_one_as_long_as_what_is_left(samples):
    clip = heard(samples)
    windows = cut(clip, INFO, "windows")
    assert np.array_equal(np.concatenate([window.waveform for window in windows], axis=1), clip.waveform)
    assert [window.start for window in windows] == pytest.approx([n * WINDOW for n in range(len(windows))])
    assert [window.end for window in windows[:-1]] == [window.start for window in windows[1:]]
    assert windows[-1].end == pytest.approx(samples / RATE)
    assert all(window.waveform.shape[1] == 20_480 for window in windows[:-1])


def test_a_rest_shorter_than_a_frame_is_no_window():
    # what resampling leaves of a clip that was two windows long
    windows = cut(heard(40_961, seconds=2.56), INFO, "windows")
    assert [(window.start, window.end) for window in windows] == [(0, WINDOW), (WINDOW, 2 * WINDOW)]


def test_the_beginning_is_heard_or_the_clip_refused_by_policy():
    clip = heard(50_000)
    (window,) = cut(clip, INFO, "truncate")
    assert (window.start, window.end) == (0, WINDOW)
    with pytest.raises(AudioTooLongError, match=r"has 3\.12 s, and short hears 1\.28 s") as error:
        cut(clip, INFO, "error")
    assert error.value.details == {"seconds": 3.125, "window_seconds": WINDOW}


@pytest.mark.parametrize("policy", ["truncate", "error", "windows"])
def test_what_a_model_hears_whole_is_one_window(policy):
    for info, samples in ((INFO, 20_480), (replace(INFO, window_seconds=None), 50_000)):
        (window,) = cut(heard(samples), info, policy)
        assert (window.start, window.end) == (0, samples / RATE)
        assert window.waveform.shape == (2, samples)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return str(write_folder(tmp_path_factory.mktemp("models") / "gama-windows"))


SAMPLES = [float(value) for value in noise(50_000, 4)[0]]
PARTS = [SAMPLES[:20_480], SAMPLES[20_480:40_960], SAMPLES[40_960:]]
SPANS = [{"start": 0.0, "end": 1.28}, {"start": 1.28, "end": 2.56}, {"start": 2.56, "end": 3.125}]


def ask(process, folder, samples, **more):
    options = {"max_new_tokens": 8}
    return process.result(
        "process_audio", {"audio": samples, "model": folder, "options": options, "prompt": "What?", **more}
    )


def test_each_window_is_answered_as_if_it_were_a_clip_of_its_own(process, folder):
    whole = ask(process, folder, SAMPLES, long_audio="windows")
    alone = [ask(process, folder, part) for part in PARTS]
    assert [window["text"] for window in whole["windows"]] == [answer["result"] for answer in alone]
    assert whole["result"] == "\n".join(answer["result"] for answer in alone)
    assert whole["tokens"] == sum(answer["tokens"] for answer in alone)
    assert [{key: window[key] for key in ("start", "end")} for window in whole["windows"]] == SPANS
    assert whole["seconds_heard"] == pytest.approx(3.125)
    assert [answer["cached"] for answer in alone] == [True] * 3  # by the content of each window


def test_windows_are_counted_while_they_are_answered(process, folder):
    data = {"audio": [value / 2 for value in SAMPLES], "model": folder, "long_audio": "windows"}
    request = process.send("process_audio", data)
    seen = []
    while (message := process.receive()).get("id") != request or "event" in message:
        seen.append(message["data"])
    assert (seen[-1]["stage"], seen[-1]["done"], seen[-1]["total"]) == ("generate", 3, 3)


def test_an_answer_says_how_much_of_a_long_clip_was_heard(process, folder):
    answer = ask(process, folder, SAMPLES)
    assert (answer["seconds_heard"], answer["seconds_given"]) == (pytest.approx(1.28), pytest.approx(3.125))
    assert [(window["start"], window["end"]) for window in answer["windows"]] == [(0, 1.28)]
    asked = {"audio": SAMPLES, "model": folder, "long_audio": "error"}
    assert process.error("process_audio", asked)["code"] == "audio_too_long"
    asked = {"audios": [SAMPLES, PARTS[2]], "model": folder, "candidates": ["dog"], "long_audio": "error"}
    scored = process.result("score", asked)
    assert [clip is None for clip in scored["clips"]] == [True, False]
    assert scored["failures"][0]["code"] == "audio_too_long"


def test_features_come_in_a_row_for_each_window_with_its_seconds(process, folder):
    asked = {"model": folder, "reply": "json", "layer": "qformer"}
    whole = process.result(
        "extract_features", {**asked, "audio": SAMPLES, "long_audio": "windows", "batch_size": 2}
    )
    alone = [process.result("extract_features", {**asked, "audio": part}) for part in PARTS]
    assert whole["shape"] == [3, 32]
    for row, part in zip(whole["features"], alone, strict=True):
        assert row == pytest.approx(part["features"], abs=1e-5)
    assert whole["windows"] == SPANS
    assert whole["seconds_heard"] == [pytest.approx(3.125)]
    short = process.result("extract_features", {**asked, "audio": PARTS[2], "long_audio": "windows"})
    assert (short["shape"], len(short["windows"])) == ([1, 32], 1)


def test_of_many_clips_the_long_ones_fail_by_policy_and_windows_are_refused(process, folder):
    asked = {"model": folder, "reply": "json", "audios": [SAMPLES, PARTS[2]]}
    result = process.result("extract_features", {**asked, "long_audio": "error"})
    assert [failure["code"] for failure in result["failures"]] == ["audio_too_long"]
    assert (result["features"][0], result["windows"]) == (None, [])
    error = process.error("extract_features", {**asked, "long_audio": "windows"})
    assert "gives windows of different number: give `audio`" in error["message"]
    one = {"model": folder, "audio": SAMPLES, "pooling": "none", "long_audio": "windows"}
    assert "not with `pooling: none`" in process.error("extract_features", one)["message"]
