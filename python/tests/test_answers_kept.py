"""Answers and scores come from the disk where the very same call was made before, whole, or not at all."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from conftest import Process
from family_models import load, save
from gama_operations.answers_kept import call_key
from gama_operations.errors import CapabilityError
from gama_operations.models import registry
from gama_operations.protocol import DescribeData, GenerationOptions, Question, ScoreData
from gama_tiny import write_folder

RATE = 16_000
PROMPT = "What is the main sound?"
LABELS = ["a dog", "a bell"]


def tone(path, hertz, seconds=0.6):
    soundfile.write(path, np.sin(np.arange(round(seconds * RATE)) * hertz / 2500) / 2, RATE)
    return str(path)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A cache, and clips of several lengths."""
    folder = tmp_path_factory.mktemp("answers")
    paths = [tone(folder / f"{n}.wav", 300 * (n + 1), 0.4 + 0.2 * n) for n in range(3)]
    return folder, paths, {"GRYM_CACHE": str(folder / "cache"), "GRYM_FEATURE_CACHE_MB": "64"}


@pytest.fixture(scope="module")
def process(place):
    """One process for most of them: importing torch takes seconds."""
    shared = Process(environment=place[2])
    yield shared
    shared.close()


def score(clips, **more):
    return {"model": "gama-tiny", "audios": clips, "candidates": LABELS, "prompt": PROMPT} | more


def describe(clips, **more):
    questions = [{"audio": index, "prompt": PROMPT} for index in range(len(clips))]
    return {"model": "gama-tiny", "audios": clips, "questions": questions} | more


def said(result):
    """All that was computed, without what this call took."""
    taken = {"processing_time", "memory_usage", "from_disk"}
    return {name: value for name, value in result.items() if name not in taken}


@pytest.mark.parametrize("ask", [score, describe])
def test_the_same_call_comes_from_the_disk_in_another_process_equal_to_the_bit(place, process, start, ask):
    _, paths, environment = place
    operation = ask.__name__
    first = process.result(operation, ask(paths, disk=True))
    other = start(environment=environment)
    known = other.result(operation, ask(paths, disk=True))
    heard = other.result(operation, ask(paths, cache=False))
    assert [first["from_disk"], known["from_disk"], heard["from_disk"]] == [False, True, False]
    assert said(first) == said(known) == said(heard)


CHANGES = {
    "prompt": {"prompt": "What do you hear?"},
    "candidate": {"candidates": ["a dog", "a cat"]},
    "order of candidates": {"candidates": LABELS[::-1]},
    "end": {"end": False},
    "policy": {"long_audio": "error"},
    "model": {"model": "gama-tiny@random-1"},
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_is_asked_otherwise_is_scored(place, process, change):
    _, paths, _ = place
    process.result("score", score(paths, disk=True))
    changed = score(paths, disk=True) | CHANGES[change]
    assert [process.result("score", changed)["from_disk"] for _ in range(2)] == [False, True]


@pytest.mark.parametrize(
    "options", [{"max_new_tokens": 3}, {"do_sample": True}, {"do_sample": True, "seed": 1}], ids=str
)
def test_other_options_are_answered_and_a_sample_is_that_of_its_seed(place, process, options):
    _, paths, _ = place
    process.result("describe", describe(paths, disk=True))
    changed = describe(paths, disk=True, options=options)
    first, second = (process.result("describe", changed) for _ in range(2))
    assert [first["from_disk"], second["from_disk"]] == [False, True]
    assert said(second) == said(process.result("describe", changed | {"disk": False, "cache": False}))


def test_other_clips_another_order_or_part_and_one_changed_byte_are_heard(place, process):
    folder, paths, _ = place
    process.result("score", score(paths, disk=True))
    part = [*paths[:2], {"path": paths[2], "duration": 0.5}]
    for clips in (paths[:2], paths[::-1], part):
        assert not process.result("score", score(clips, disk=True))["from_disk"]
    copy = Path(tone(folder / "copy.wav", 300, 0.4))
    renamed = [str(copy), *paths[1:]]
    assert process.result("score", score(renamed, disk=True))["from_disk"]  # a name is nothing
    data = bytearray(copy.read_bytes())
    data[-1] ^= 1
    copy.write_bytes(data)
    changed = process.result("score", score(renamed, disk=True))
    assert not changed["from_disk"]


def test_questions_and_which_clip_each_is_about_are_part_of_the_call(place, process):
    _, paths, _ = place
    asked = describe(paths[:2], disk=True)
    process.result("describe", asked)
    for questions in (asked["questions"][::-1], asked["questions"][:1], [{"audio": 0}, {"audio": 1}]):
        found = process.result("describe", asked | {"questions": questions})
        assert not found["from_disk"]
        assert len(found["answers"]) == len(questions)


def test_a_call_with_a_clip_that_fails_is_not_kept(place, process):
    folder, paths, _ = place
    (folder / "broken.wav").write_bytes(b"RIFF")
    for clip in (folder / "broken.wav", folder / "missing.wav"):
        for _ in range(2):
            found = process.result("score", score([*paths, str(clip)], disk=True))
            assert not found["from_disk"]
            assert [failure["index"] for failure in found["failures"]] == [3]


def test_what_the_model_keeps_in_memory_takes_no_part(place, process, start):
    _, paths, environment = place
    other = start(environment=environment)
    clips = [paths[2], paths[0]]
    other.result("score", score(clips[:1]))
    found = other.result("score", score(clips, disk=True))
    assert [clip["cached"] for clip in found["clips"]] == [False, False]
    alone = process.result("score", score(clips, cache=False))
    assert said(found) == said(alone)


def test_without_asking_while_a_profile_runs_or_without_a_cache_all_is_computed(place, process, start):
    _, paths, environment = place
    process.result("score", score(paths, disk=True))
    assert not process.result("score", score(paths))["from_disk"]
    profile = process.result("start_profile", {"interval": 1.0})["profile"]
    assert not process.result("score", score(paths, disk=True))["from_disk"]
    process.result("stop_profile", {"profile": profile})
    assert process.result("score", score(paths, disk=True))["from_disk"]
    off = start(environment=environment | {"GRYM_FEATURE_CACHE_MB": "0"})
    assert [off.result("score", score(paths, disk=True))["from_disk"] for _ in range(2)] == [False] * 2


def test_a_damaged_entry_is_removed_and_computed_again(place, start, tmp_path):
    _, paths, environment = place
    own = start(environment=environment | {"GRYM_CACHE": str(tmp_path)})
    asked = describe(paths, disk=True)
    first = own.result("describe", asked)
    [file] = (path for path in (tmp_path / "computed").rglob("*") if path.is_file())
    data = bytearray(file.read_bytes())
    data[-3] ^= 1
    file.write_bytes(data)
    found = [own.result("describe", asked) for _ in range(2)]
    assert [again["from_disk"] for again in found] == [False, True]
    assert said(found[0]) == said(found[1]) == said(first)


def test_a_model_that_answers_nothing_refuses_as_without_a_cache(place, process):
    _, paths, _ = place
    for disk in (False, True):
        asked = score(paths, model="wav2vec2-tiny", disk=disk)
        assert process.error("score", asked)["code"] == "not_capable"


def test_a_folder_whose_prompts_tokenizer_or_template_change_is_another_one_who_answers(tmp_path):
    def gama(name, **changes):
        return registry.load(str(write_folder(tmp_path / name / "tiny", **changes)), device="cpu")

    plain, moved = gama("plain"), gama("moved")
    assert plain.answer_form == moved.answer_form
    other = gama("other", default_prompt="What is it?")
    assert plain.answer_form != other.answer_form
    tokenizer = tmp_path / "moved" / "tiny" / "tokenizer.json"
    stated = json.loads(tokenizer.read_text())
    stated["normalizer"] = {"type": "Lowercase"}
    tokenizer.write_text(json.dumps(stated))
    again = registry.load(str(tokenizer.parent), device="cpu")
    assert again.answer_form not in (plain.answer_form, other.answer_form)
    mute = registry.load(str(write_folder(tmp_path / "mute", with_tokenizer=False)), device="cpu")
    with pytest.raises(CapabilityError, match="no tokenizer"):
        _ = mute.answer_form
    folder = save(tmp_path / "qwen2-audio", "qwen2-audio")
    before = load(folder).answer_form
    assert load(folder).answer_form == before
    template = folder / "chat_template.jinja"
    template.write_text(template.read_text() + "!")
    assert load(folder).answer_form != before


def test_the_two_verbs_and_each_thing_asked_have_names_of_their_own(tmp_path):
    model = registry.load(str(write_folder(tmp_path)), device="cpu")
    clips = ["a", "b"]
    audios = ["x", "y"]

    def of_score(**more):
        return call_key(model, ScoreData(**{"audios": audios, "candidates": ["a"]} | more), clips)

    def of_describe(**more):
        return call_key(model, DescribeData(**{"audios": audios, "questions": [Question(0)]} | more), clips)

    assert of_score() == of_score(audios=["renamed", "y"], model="m", cache=False, disk=True)
    keys = {
        of_score(),
        of_score(candidates=["a", "b"]),
        of_score(candidates=["a, b"]),
        of_score(prompt=""),
        of_score(end=False),
        of_score(long_audio="error"),
        of_describe(),
        of_describe(questions=[Question(1)]),
        of_describe(questions=[Question(0), Question(0)]),
        of_describe(options=GenerationOptions(seed=1)),
        of_describe(options=GenerationOptions(preset="official-inference")),
        of_describe(long_audio="windows"),
        call_key(model, ScoreData(audios=audios, candidates=["a"]), clips[::-1]),
    }
    assert len(keys) == 13
