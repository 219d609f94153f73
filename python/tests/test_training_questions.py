"""Questions say what the metadata says, in grammatical closed language, and grading is strict and fair."""

from typing import Any

import numpy as np
import pytest

from training.captions import attributes, caption, caption_f1
from training.phrases import NOUN_PHRASES, VERBS
from training.questions import grade, questions
from training.render.classes import BACKGROUNDS, CLASSES, SPEECH
from training.render.families import FAMILIES
from training.wordings import FIXED, KINDS, WORDINGS


def event(name: str, kind: str, **facts: Any) -> dict[str, Any]:
    keys = ("count", "direction", "register", "tempo", "words", "language", "sex")
    return {"class": name, "kind": kind, "source": "dsp:x-1"} | {key: facts.get(key) for key in keys}


def meta(*events: dict[str, Any], background: str | None = None, loudness: str = "medium") -> dict[str, Any]:
    return {"events": list(events), "background": background, "loudness": loudness}


DOG = meta(event("dog", "effect", count=3, tempo="fast"), background="rain", loudness="quiet")
PAIR = meta(
    event("electric piano", "instrument", count=2, direction="rising", register="low"),
    event(SPEECH, "speech", words=["four", "nine"], language="english", sex="woman"),
    loudness="loud",
)


def answers(clip: dict[str, Any], seed: int = 0) -> dict[str, str]:
    return {q.kind: q.answer for q in questions(clip, np.random.default_rng(seed))}


def test_a_single_event_is_asked_for_its_facts() -> None:
    given = answers(DOG)
    assert given["class"] == "a dog"
    assert given["count"] == "three"
    assert given["tempo"] == "fast"
    assert given["background"] == "rain"
    assert given["sources"] == "two"
    assert given["speech"] == "no"
    assert given["loudness"] == "quiet"
    assert given["caption"] == "a dog barks three times quickly over rain, quietly"
    assert not {"register", "direction", "sex", "words", "order1"} & set(given)


def test_a_sequence_is_asked_for_its_order_and_its_speaker() -> None:
    given = answers(PAIR)
    assert (given["order1"], given["order2"]) == ("an electric piano", "speech")
    assert (given["sex"], given["language"], given["words"]) == ("a woman", "english", "four nine")
    assert (
        given["caption"]
        == "an electric piano plays two rising low notes, then a woman speaks english, loudly"
    )
    assert "class" not in given
    assert "count" not in given


def test_only_english_words_are_asked_for() -> None:
    german = meta(event(SPEECH, "speech", words=["zwei"], language="german", sex="man"))
    assert "words" not in answers(german)
    assert answers(german)["language"] == "german"


def test_yes_and_no_are_balanced_and_true() -> None:
    given = []
    for seed in range(400):
        question = next(q for q in questions(DOG, np.random.default_rng(seed)) if q.kind == "has")
        present = any(question.question == f"do you hear {p}?" for p in ("a dog", "rain"))
        assert question.answer == ("yes" if present else "no")
        given.append(present)
    assert 0.4 < np.mean(given) < 0.6


def test_a_clip_without_background_is_sometimes_asked_for_it() -> None:
    asked = [answers(PAIR, seed).get("background") for seed in range(400)]
    assert set(asked) == {None, "nothing"}
    assert 0.15 < np.mean([a == "nothing" for a in asked]) < 0.35


def test_the_same_generator_state_gives_the_same_questions() -> None:
    for wording in ("fixed", "varied"):
        first, second = (questions(PAIR, np.random.default_rng(5), wording=wording) for _ in range(2))
        assert first == second


def test_evaluation_wording_is_fixed_and_training_wording_varies_inside_the_list() -> None:
    seen = {kind: set() for kind in KINDS}
    for seed in range(120):
        for q in questions(DOG, np.random.default_rng(seed)):
            assert q.kind == "has" or q.question == FIXED[q.kind]
        for q in questions(DOG, np.random.default_rng(seed), wording="varied"):
            seen[q.kind].add(q.question)
    assert seen["count"] == set(WORDINGS["count"])


def test_every_class_has_a_phrase_and_every_effect_a_verb() -> None:
    assert set(NOUN_PHRASES) == set(CLASSES)
    assert NOUN_PHRASES["engine"] == "an engine"
    assert NOUN_PHRASES["owl"] == "an owl"
    assert set(VERBS) | {"sweep"} == set(CLASSES) - set(FAMILIES) - {SPEECH}
    assert set(BACKGROUNDS) < set(CLASSES)
    assert len(set(NOUN_PHRASES.values())) == len(CLASSES)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "caption"])
def test_answers_match_exactly_but_for_case_and_punctuation(kind: str) -> None:
    assert grade(kind, " A Dog. ", "a dog") == 1
    assert grade(kind, "a dog barks", "a dog") == 0
    assert grade(kind, "", "a dog") == 0


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="no question kind"):
        grade("colour", "red", "red")


def test_captions_are_graded_by_the_facts_that_they_state() -> None:
    right = caption(DOG)
    assert ("count 0", "3") in attributes(right)
    assert ("background", "rain") in attributes(right)
    assert caption_f1(right, right) == 1
    wrong_count = right.replace("three times", "twice")
    assert 0.7 < caption_f1(wrong_count, right) < 1
    assert caption_f1("a cat meows once, loudly", right) == 0
    assert caption_f1("", right) < 0.3


def test_swapped_order_costs_the_classes() -> None:
    swapped = meta(*reversed(PAIR["events"]), loudness="loud")
    assert caption_f1(caption(swapped), caption(PAIR)) < 0.4
