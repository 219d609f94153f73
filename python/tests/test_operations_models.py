"""Loading, asking and unloading through the wire, with a GAMA of random weights in a folder."""

import time

import numpy as np
import pytest
import soundfile

from conftest import Process
from gama_tiny import noise, write_folder


@pytest.fixture(scope="module")
def process():
    """One process for all of them: importing torch takes seconds."""
    shared = Process()
    yield shared
    shared.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return str(write_folder(tmp_path_factory.mktemp("models") / "tiny-gama"))


def audio(seed=0):
    return [float(value) for value in noise(16_000, seed)[0]]


def ask(folder, **more):
    return {"audio": audio(), "model": folder, "options": {"max_new_tokens": 8}, **more}


def test_loading_tells_its_stages_and_their_memory_and_answers_pings_all_the_while(process, folder):
    request = process.send("load_model", {"model": folder, "device": "cpu"})
    stages, pings = [], 0
    ping = process.send("ping")
    while (message := process.receive()).get("id") != request or "event" in message:
        if "event" in message:
            stages.append(message["data"]["stage"])
        else:
            assert message["id"] == ping
            assert message["result"]["status"] == "ok"
            pings += 1
            time.sleep(0.02)
            ping = process.send("ping")
    process.answer(ping)
    assert pings > 1
    phases = [phase["phase"] for phase in message["result"]["memory_usage"]["phases"]]
    assert phases == ["load", "import", "read", "build"]
    assert [stage for stage in phases if stage in stages] == list(dict.fromkeys(stages))
    assert message["result"]["model"]["model_id"] == "tiny-gama"
    assert message["result"]["model"]["capabilities"] == ["embed", "describe", "score"]


def test_asking_answers_in_the_seed_form_with_what_produced_it(process, folder):
    result = process.result("process_audio", ask(folder, prompt="What is it?"))
    assert isinstance(result["result"], str)
    assert result["prompt"] == "What is it?"
    assert result["stop_reason"] in {"end", "length"}
    assert 0 < result["tokens"] <= 8
    assert (result["model_id"], result["dtype"]) == ("tiny-gama", "float32")
    assert result["seconds_given"] == pytest.approx(1.0)
    assert 0 < result["seconds_heard"] <= result["seconds_given"]
    phases = [phase["phase"] for phase in result["memory_usage"]["phases"]]
    assert [name for name in phases if name != "frontend"] == ["decode", "encode", "generate"]


def test_greedy_answers_are_the_same_twice_and_a_loaded_model_is_found_by_its_id(process, folder):
    first = process.result("process_audio", ask(folder))
    again = process.result("process_audio", ask("tiny-gama"))
    assert again["result"] == first["result"]
    assert again["prompt"] == first["prompt"] != ""


def test_audio_is_kept_for_a_further_question_until_memory_is_freed_or_the_model_unloaded(process, folder):
    process.result("free_memory")
    questions = ["What is it?", "How long?"]
    first, second = (process.result("process_audio", ask(folder, prompt=prompt)) for prompt in questions)
    assert (first["cached"], second["cached"]) == (False, True)
    assert "encode" not in [phase["phase"] for phase in second["memory_usage"]["phases"]]
    apart = process.result("process_audio", ask(folder, prompt="How long?", cache=False))
    assert (apart["result"], apart["cached"]) == (second["result"], False)
    assert process.result("status")["kept_bytes"] > 0
    process.result("free_memory")
    assert process.result("status")["kept_bytes"] == 0
    assert not process.result("process_audio", ask(folder))["cached"]
    assert process.result("status")["kept_bytes"] > 0
    process.result("unload_model", {"model_id": "tiny-gama"})
    assert process.result("status")["kept_bytes"] == 0
    assert not process.result("process_audio", ask(folder))["cached"]


def test_a_file_whose_sound_has_changed_is_heard_again(process, folder, tmp_path):
    file = tmp_path / "clip.wav"
    for seed, cached in ((1, False), (1, True), (2, False)):
        soundfile.write(file, noise(16_000, seed)[0], 16_000)
        assert process.result("process_audio", ask(folder, audio=str(file)))["cached"] is cached


def test_several_questions_about_several_clips_are_answered_as_each_alone(process, folder):
    clips = [audio(1), "/no/such/file.wav", audio(2), audio(3)]
    pairs = [(0, "What is it?"), (2, None), (1, "What is it?"), (0, "How long does it go on, and how loud?")]
    sampled = {"preset": "official-single-audio", "max_new_tokens": 8, "temperature": 1.0, "seed": 4}
    for options in ({"max_new_tokens": 8}, sampled):
        questions = [{"audio": clip, "prompt": prompt} for clip, prompt in pairs]
        asked = {"audios": clips, "questions": questions, "model": folder, "options": options, "cache": False}
        result = process.result("describe", asked)
        assert [failure["index"] for failure in result["failures"]] == [1]
        assert [answer is None for answer in result["answers"]] == [False, False, True, False]
        for (clip, prompt), answer in zip(pairs, result["answers"], strict=True):
            if answer is None:
                continue
            alone = process.result(
                "process_audio",
                {
                    "audio": clips[clip],
                    "prompt": prompt,
                    "model": folder,
                    "options": options,
                    "cache": False,
                },
            )
            names = ("prompt", "tokens", "stop_reason", "seconds_heard", "windows", "cached")
            assert {name: answer[name] for name in names} == {name: alone[name] for name in names}
            assert answer["text"] == alone["result"]


def test_more_questions_than_fit_a_batch_are_all_answered(process, folder):
    clips = [audio(seed) for seed in range(3)]
    questions = [{"audio": n % 3, "prompt": f"Number {n // 3}?"} for n in range(51)]
    asked = {"audios": clips, "questions": questions, "model": folder, "options": {"max_new_tokens": 2}}
    answers = process.result("describe", asked)["answers"]
    assert [answer["prompt"] for answer in answers] == [question["prompt"] for question in questions]
    assert all(answer["tokens"] > 0 for answer in answers)


def test_a_question_about_a_clip_that_is_not_there_and_no_readable_clip_are_errors(process, folder):
    asked = {"audios": [audio()], "questions": [{"audio": 1}], "model": folder}
    assert "about clip 1; there are 1 clips" in process.error("describe", asked)["message"]
    missing = {"audios": ["/no/such/file.wav", audio()], "questions": [{"audio": 0}], "model": folder}
    assert process.error("describe", missing)["code"] == "audio_not_found"


def test_a_preset_samples_as_the_released_script_does_and_gives_way_to_what_is_set(process, folder):
    def answer(**options):
        return process.result("process_audio", ask(folder, options=options))["result"]

    official = {"temperature": 0.1, "top_p": 0.95, "top_k": 500, "repetition_penalty": 1.1, "do_sample": True}
    by_hand = answer(**official, max_new_tokens=30, seed=3)
    assert answer(preset="official-inference", max_new_tokens=30, seed=3) == by_hand
    hot = {"temperature": 50.0, "max_new_tokens": 30}
    drawn = [answer(preset="official-single-audio", seed=seed, **hot) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    unknown = ask(folder, options={"preset": "official"})
    error = process.error("process_audio", unknown)
    assert error["code"] == "invalid_request"
    assert "preset" in error["message"]


def test_candidates_are_scored_by_clip_and_a_broken_clip_costs_its_own_scores_only(process, folder):
    clips = [audio(1), "/no/such/file.wav", audio(2)]
    labels = ["dog", "a dog barks"]
    asked = {"audios": clips, "candidates": labels, "model": folder, "prompt": "What is it?"}
    result = process.result("score", asked)
    assert (result["candidates"], result["prompt"]) == (labels, "What is it?")
    assert [failure["index"] for failure in result["failures"]] == [1]
    first, broken, last = result["clips"]
    assert broken is None
    assert first["log_probabilities"] != last["log_probabilities"]
    for total, mean, tokens in zip(
        first["log_probabilities"], first["mean_log_probabilities"], result["tokens"], strict=True
    ):
        assert mean == pytest.approx(total / tokens)
        assert total < 0
    open_end = process.result("score", {**asked, "audios": clips[:1], "end": False})
    assert open_end["tokens"] == [count - 1 for count in result["tokens"]]
    pairs = zip(open_end["clips"][0]["log_probabilities"], first["log_probabilities"], strict=True)
    assert all(without > ended for without, ended in pairs)
    assert open_end["clips"][0]["cached"]


def test_scores_of_no_readable_clip_and_of_an_encoder_are_errors(process, folder):
    labels = {"candidates": ["dog"], "audios": ["/no/such/file.wav"]}
    assert process.error("score", {**labels, "model": folder})["code"] == "audio_not_found"
    asked = {"candidates": ["dog"], "audios": [audio()], "model": "fbank"}
    assert process.error("score", asked)["code"] == "not_capable"
    process.result("unload_model", {"model_id": "fbank"})


def test_a_twin_of_random_weights_has_an_id_of_its_own_and_other_features(process, folder):
    twin = process.result("load_model", {"model": folder, "weights": "random", "seed": 5})["model"]
    assert twin["model_id"] == "tiny-gama@random-5"
    features = [
        process.result("extract_features", {"audio": audio(), "model": name, "reply": "json"})["features"]
        for name in ("tiny-gama", "tiny-gama@random-5")
    ]
    assert not np.allclose(*features)
    loaded = {model["model_id"] for model in process.result("status")["models"]}
    assert loaded == {"tiny-gama", "tiny-gama@random-5"}


def test_another_model_of_the_same_id_is_refused_and_the_first_one_stays(process, folder):
    error = process.error("load_model", {"model": folder, "dtype": "bfloat16"})
    assert error["code"] == "invalid_request"
    assert "tiny-gama is loaded already, as float32 on cpu" in error["message"]
    assert "with another dtype (float32, asked for bfloat16); unload it" in error["message"]
    error = process.error("load_model", {"model": folder, "attention": "eager"})
    assert "with another attention (sdpa, asked for eager); unload it" in error["message"]
    assert process.result("process_audio", ask("tiny-gama"))["dtype"] == "float32"


def test_a_model_is_found_by_every_request_that_means_it(process, tmp_path):
    def load(**options):
        return process.result("load_model", {"model": other, **options})["model"]

    other = str(write_folder(tmp_path / "other", seed=1))
    first = load(attention="eager", quantization="none")
    assert (first["attention"], first["quantization"]) == ("eager", "none")
    assert load(attention="eager", device="cpu") == first
    message = process.error("load_model", {"model": other})["message"]
    assert "with another attention (eager, asked for the default)" in message
    process.result("unload_model", {"model_id": "other"})
    default = load()
    assert default["attention"] == "sdpa"
    assert load(attention="sdpa") == default
    process.result("unload_model", {"model_id": "other"})
    assert load(attention="sdpa") == load() == default
    process.result("unload_model", {"model_id": "other"})


def test_every_layer_that_a_model_names_gives_features(process, folder):
    model = process.result("load_model", {"model": folder})["model"]
    for layer in model["layers"]:
        result = process.result("extract_features", {"audio": audio(), "model": folder, "layer": layer})
        assert result["layer"] == layer
        assert np.isfinite(result["features"]).all()


def test_a_cancelled_answer_stops_between_tokens(process, folder):
    endless = ask(folder, options={"max_new_tokens": 4096, "do_sample": True, "temperature": 100.0})
    blocked = process.send("process_audio", endless)
    while not process.result("ping")["busy"]:
        pass
    process.result("cancel", {"id": blocked})
    message = process.answer(blocked)
    assert message.get("error", {}).get("code") == "cancelled"


def test_unloading_everything_leaves_no_model(process):
    for model in process.result("status")["models"]:
        assert process.result("unload_model", {"model_id": model["model_id"]})["unloaded"] is True
    assert process.result("status")["models"] == []
