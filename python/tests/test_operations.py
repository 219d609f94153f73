"""The operations in the real process, on the models that need no weights."""

import base64
import json
import os
import subprocess
import sys
import wave

import numpy as np
import pytest

from conftest import Process
from slots import write_slot

RATE = 16_000


@pytest.fixture(scope="module")
def process():
    """One process for all of them: importing torch takes seconds."""
    shared = Process(arenas=True)
    yield shared
    shared.close()


@pytest.fixture
def clips(tmp_path):
    """Nine tones of three lengths, as wav files."""
    paths = []
    for index in range(9):
        seconds = 0.5 + 0.25 * (index % 3)
        time = np.arange(int(seconds * RATE)) / RATE
        tone = 0.4 * np.sin(2 * np.pi * (220 + 110 * index) * time)
        path = tmp_path / f"tone-{index}.wav"
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, RATE, 0, "NONE", "not compressed"))
            file.writeframes((tone * 32767).astype("<i2").tobytes())
        paths.append(str(path))
    return paths


def samples(path):
    with wave.open(path) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768


def tensor_of(process, reference):
    """A result tensor, copied out of the arena."""
    shape, dtype = reference["$t"]["shape"], np.dtype(reference["$t"]["dtype"])
    data = os.pread(process.arenas[1], int(np.prod(shape)) * dtype.itemsize, reference["$t"]["offset"])
    return np.frombuffer(data, dtype).reshape(shape)


def inline(array):
    text = base64.b64encode(array.tobytes()).decode()
    return {"$t": {"dtype": str(array.dtype), "shape": list(array.shape), "base64": text}}


def test_the_seed_form_by_echo_with_a_path_and_with_a_plain_array(clips):
    plain = [float(value) for value in samples(clips[0])]
    lines = [
        {"id": 1, "operation": "extract_features", "data": {"audio": clips[0], "model": "fbank"}},
        {"id": 2, "operation": "extract_features", "data": {"audio": plain, "model": "fbank"}},
    ]
    done = subprocess.run(
        [sys.executable, "-m", "gama_operations"],
        input="\n".join(map(json.dumps, lines)),
        capture_output=True,
        text=True,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines() if '"result"' in line]
    assert [answer["id"] for answer in answers] == [1, 2]
    by_path, by_array = (answer["result"] for answer in answers)
    assert len(by_path["features"]) == by_path["shape"][0]
    assert by_path["features"] == by_array["features"]
    assert by_path["processing_time"] > 0
    assert {"start_memory", "peak_memory", "end_memory", "used_memory"} <= by_path["memory_usage"].keys()


def test_a_model_is_loaded_once_described_and_unloaded(start):
    process = start()
    first = process.result("load_model", {"model": "fbank"})
    model = first["model"]
    assert (model["model_id"], model["revision"], model["capabilities"]) == ("fbank", "1", ["embed"])
    assert process.result("load_model", {"model": "fbank"})["model"] == model
    assert process.result("status")["models"] == [model]
    assert process.result("unload_model", {"model_id": "fbank"})["unloaded"] is True
    assert process.result("unload_model", {"model_id": "fbank"})["unloaded"] is False
    assert process.result("status")["models"] == []


def test_the_result_says_what_produced_it_and_what_was_heard(process, clips):
    result = process.result(
        "extract_features", {"audio": {"path": clips[2], "offset": 0.25, "duration": 0.5}, "model": "mfcc-20"}
    )
    assert (result["model_id"], result["revision"], result["device"]) == ("mfcc-20", "1", "cpu")
    assert result["seconds_given"] == pytest.approx([0.5])
    assert result["seconds_heard"] == pytest.approx([0.5])
    assert result["shape"] == [40]
    assert {"decode", "encode"} <= {phase["phase"] for phase in result["memory_usage"]["phases"]}


def test_a_batch_equals_single_runs_row_by_row_and_reports_its_progress(process, clips):
    request = process.send("extract_features", {"audios": clips, "model": "fbank", "batch_size": 2})
    reports = []
    while "event" in (message := process.receive()):
        reports.append(message["data"])
    batch = message["result"]
    assert message["id"] == request
    assert reports[-1] == {"stage": "encode", "done": 9.0, "total": 9.0, "unit": "clips"}
    rows = tensor_of(process, batch["features"])
    assert rows.shape == (9, 256)
    for row, clip in zip(rows, clips, strict=True):
        single = process.result("extract_features", {"audio": clip, "model": "fbank"})
        assert np.array_equal(tensor_of(process, single["features"]), row)
    assert batch["seconds_given"] == pytest.approx([0.5, 0.75, 1.0] * 3)


def test_broken_clips_cost_their_own_rows_only(process, clips, tmp_path):
    empty = tmp_path / "empty.wav"
    empty.touch()
    audios = [
        clips[0],
        str(empty),
        str(tmp_path / "nowhere.wav"),
        {"path": clips[1], "offset": 99.0},
        clips[2],
    ]
    result = process.result("extract_features", {"audios": audios, "model": "fbank"})
    rows = tensor_of(process, result["features"])
    assert np.isnan(rows).all(axis=1).tolist() == [False, True, True, True, False]
    failures = [(failure["index"], failure["code"]) for failure in result["failures"]]
    assert failures == [(1, "invalid_audio"), (2, "audio_not_found"), (3, "invalid_request")]
    assert result["seconds_heard"][1:4] == [0.0, 0.0, 0.0]
    as_json = process.result("extract_features", {"audios": audios, "model": "fbank", "reply": "json"})
    assert [row is None for row in as_json["features"]] == [False, True, True, True, False]
    assert np.array_equal(np.array(as_json["features"][4], dtype=np.float32), rows[4])


def test_a_batch_without_one_good_clip_is_the_error_of_the_first(process, tmp_path):
    error = process.error("extract_features", {"audios": [str(tmp_path / "a.wav")] * 3, "model": "fbank"})
    assert error["code"] == "audio_not_found"
    assert error["details"]["failed"] == 3


def test_samples_through_the_arena_equal_the_file(process, clips):
    data = samples(clips[4])
    reference = write_slot(process.arenas[0], data.tobytes(), 4096)
    reference["$t"] |= {"dtype": "float32", "shape": [len(data)]}
    audio = {"samples": reference, "sample_rate": RATE}
    through = process.result("extract_features", {"audio": audio, "model": "fbank"})
    by_path = process.result("extract_features", {"audio": clips[4], "model": "fbank"})
    assert np.array_equal(tensor_of(process, through["features"]), tensor_of(process, by_path["features"]))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "either `audio` or `audios`"),
        ({"audio": "a.wav", "audios": ["a.wav"]}, "either `audio` or `audios`"),
        ({"audios": []}, "`audios` is empty"),
        ({"audio": {"offset": 1.0}}, "either `path` or `samples`"),
        ({"audio": {"samples": inline(np.zeros(8, np.float32))}}, "`sample_rate`"),
        ({"audio": {"samples": [0.0, 0.1], "offset": 1.0}}, "`offset` within the samples"),
        ({"audios": ["a.wav", "b.wav"], "pooling": "none"}, "one clip at a time"),
        ({"audio": [0.0] * 4000, "layer": "roof"}, "no layer 'roof'"),
        ({"audio": {"samples": [0.0, 0.1], "offset": 1e306}}, "`offset` within the samples"),
        ({"audio": {"samples": inline(np.float32(1)), "sample_rate": 8000}}, "got one number"),
        (
            {
                "audio": {
                    "samples": {"$t": {"dtype": "int16", "shape": [0, 2**62], "base64": ""}},
                    "sample_rate": 8000,
                }
            },
            "A tensor's shape has at most",
        ),
        (
            {
                "audio": {
                    "samples": {"$t": {"dtype": "int16", "shape": [1] * 70, "base64": "AAA="}},
                    "sample_rate": 8000,
                }
            },
            "A tensor's shape has at most",
        ),
    ],
)
def test_fields_that_contradict_each_other_are_an_invalid_request(process, data, said):
    error = process.error("extract_features", {"model": "fbank", **data})
    assert error["code"] == "invalid_request"
    assert said in error["message"]


@pytest.mark.parametrize(
    ("operation", "data", "said"),
    [
        (
            "probe",
            {"features": [[1, 2], [3]], "labels": ["a", "b"], "groups": ["x", "y"]},
            "as many features",
        ),
        (
            "probe",
            {"features": [[1], [3]], "labels": ["a", "b"], "groups": ["x", "y"], "seed": -1},
            "`$.seed`",
        ),
        ("compare", {"a": [1.0], "b": [0.0], "groups": ["x"], "seed": 2**70}, "`$.seed`"),
        ("compare", {"a": [1.0], "b": [0.0], "groups": ["x"], "permutations": 10**12}, "`$.permutations`"),
        ("process_audio", {"audio": "a.wav", "options": {"temperature": 1e-45}}, "`$.options.temperature`"),
        ("load_model", {"model": "fbank", "weights": "random", "seed": 2**64}, "`$.seed`"),
    ],
)
def test_numbers_that_no_generator_or_sampler_takes_are_an_invalid_request(process, operation, data, said):
    more = {"kind": "linear"} if operation == "probe" else {}
    error = process.error(operation, {**data, **more})
    assert error["code"] == "invalid_request"
    assert said in error["message"]


def test_a_duration_beyond_all_ends_is_the_whole_clip(process, clips):
    ask = {"audio": {"path": clips[0], "duration": 1e306}, "model": "fbank"}
    assert process.result("extract_features", ask)["seconds_given"] == [0.5]


def test_nobody_hears_more_than_was_given(process):
    ask = {"audio": {"samples": [0.1] * 1001, "sample_rate": 44_100}, "model": "fbank"}
    result = process.result("extract_features", ask)
    assert result["seconds_given"] == [1001 / 44_100]
    assert result["seconds_heard"][0] <= result["seconds_given"][0]


def test_an_unknown_model_is_an_error_that_names_those_there_are(process, clips):
    error = process.error("extract_features", {"audio": clips[0], "model": "no-such-model"})
    assert error["code"] == "model_not_found"
    assert "fbank" in error["message"]


def test_a_baseline_cannot_describe(process, clips):
    error = process.error("process_audio", {"audio": clips[0], "model": "fbank"})
    assert error["code"] == "not_capable"


def test_frames_of_one_clip_come_without_pooling(process, clips):
    result = process.result("extract_features", {"audio": clips[2], "model": "fbank", "pooling": "none"})
    frames = tensor_of(process, result["features"])
    assert list(frames.shape) == result["shape"]
    assert frames.shape[1] == 128


def test_cancelling_a_long_extraction_stops_it_between_clips(process, clips):
    process.result("load_model", {"model": "fbank"})
    request = process.send("extract_features", {"audios": clips * 2000, "model": "fbank", "batch_size": 4})
    assert process.receive()["event"] == "progress"
    process.result("cancel", {"id": request})
    assert process.answer(request)["error"]["code"] == "cancelled"


def test_probe_and_compare_answer_with_intervals_by_source(process):
    rng = np.random.default_rng(0)
    labels = [str(index % 2) for index in range(96)]
    groups = [f"source-{index // 4}" for index in range(96)]
    features = rng.normal(size=(96, 8)).astype(np.float32)
    features[:, 0] += 4 * np.array([int(label) for label in labels])
    probed = process.result(
        "probe", {"features": inline(features), "labels": labels, "groups": groups, "kind": "linear"}
    )
    assert probed["accuracy"] > 0.9
    assert (len(probed["correct"]), probed["sources"]) == (96, 24)
    assert probed["interval"]["low"] < probed["accuracy"] < probed["interval"]["high"]
    arms = {"a": [float(right) for right in probed["correct"]], "b": [0.5] * 96, "groups": groups}
    compared = process.result("compare", arms)
    assert compared["difference"] == pytest.approx(probed["accuracy"] - 0.5)
    assert compared["p_value"] < 0.01
    few = process.result("compare", {"a": [1, 0], "b": [0, 0], "groups": ["x", "y"]})
    assert (few["interval"], few["p_value"]) == (None, None)
    assert few["reason"]
