"""Questions are asked in many words, some kept from training, and their kind is recognised in all of them."""

import re

import numpy as np
import pytest

from gama_operations.errors import CapabilityError
from gama_operations.models.gama.offers import refuse_unlearnt
from training.patterns import PATTERNS
from training.phrases import NOUN_PHRASES
from training.questions import questions
from training.wordings import FIXED, HELD_OUT, KINDS, WORDINGS

SUBJECTS = ("a dog", "an engine", "rain", "a church bell", "a brass instrument")
# as people may type it: in no list of ours
TYPED = {
    "class": ("What is that sound?", "which instrument is this", "What can you hear?"),
    "count": ("How many notes are played?", "How many barks are there?", "count the knocks"),
    "register": ("Are the notes high or low?", "How high is it?"),
    "direction": ("Is the melody ascending or descending?", "Does the tone go down or up?"),
    "tempo": ("Is that quick or slow?", "How slow is it?"),
    "order1": ("What is heard first?", "Which one begins?"),
    "order2": ("What is heard last?", "What is the sound at the end?"),
    "background": ("What can be heard in the background?", "Is there rain behind the voice?"),
    "sources": ("How many types of sound are in the clip?", "How many different noises are there?"),
    "speech": ("Can you hear a person talking?", "Is anybody speaking? Is there a person speaking?"),
    "has": ("Can you hear a violin?", "Is there a helicopter?", "Do you hear any rain?"),
    "loudness": ("Is it loud?", "What is the volume like?"),
    "sex": ("Is the speaker male or female?", "Who talks?"),
    "language": ("What language is spoken here?", "Do they talk in French or in German?"),
    "words": ("What is being said?", "Which word do you hear?", "Transcribe it."),
    "caption": (
        "Write an audio caption describing the sound.",
        "Please describe this clip.",
        "What is happening?",
    ),
}


def kinds_of(question: str) -> set[str]:
    return {kind for kind, pattern in PATTERNS.items() if re.search(pattern, question, re.IGNORECASE)}


def asked(wording: str) -> list[str]:
    return [wording.format(subject) for subject in SUBJECTS] if "{}" in wording else [wording]


def words_of(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text))


def test_every_kind_has_eight_to_ten_wordings_and_two_or_more_that_training_never_sees() -> None:
    assert set(WORDINGS) == set(HELD_OUT) == set(PATTERNS) == set(KINDS)
    trained = [wording for wordings in WORDINGS.values() for wording in wordings]
    held_out = [wording for wordings in HELD_OUT.values() for wording in wordings]
    assert all(8 <= len(wordings) <= 10 for wordings in WORDINGS.values())
    assert all(len(wordings) >= 2 for wordings in HELD_OUT.values())
    assert len(set(trained + held_out)) == len(trained) + len(held_out)


def test_a_held_out_wording_is_never_asked_in_training() -> None:
    keys = ("count", "direction", "register", "tempo", "words", "language", "sex")
    event = {"class": "dog", "kind": "effect"} | dict.fromkeys(keys) | {"count": 2, "tempo": "fast"}
    meta = {"events": [event], "background": "rain", "loudness": "loud"}
    held_out = {text for wordings in HELD_OUT.values() for wording in wordings for text in asked(wording)}
    for seed in range(300):
        for item in questions(meta, np.random.default_rng(seed), wording="varied"):
            assert item.question not in held_out


def test_held_out_wordings_are_made_of_words_that_training_has() -> None:
    known = words_of(" ".join(wording for wordings in WORDINGS.values() for wording in wordings))
    for wordings in HELD_OUT.values():
        for wording in wordings:
            assert words_of(wording) <= known, wording


@pytest.mark.parametrize("kind", KINDS)
def test_every_wording_is_recognised_as_its_kind_and_as_no_other(kind: str) -> None:
    for wording in WORDINGS[kind] + HELD_OUT[kind]:
        for question in asked(wording):
            typed = question[:1].upper() + question[1:]
            assert kinds_of(question) == kinds_of(typed) == kinds_of(question.rstrip("?.") + " ") == {kind}, (
                question
            )


@pytest.mark.parametrize("kind", KINDS)
def test_questions_in_other_words_are_recognised_too(kind: str) -> None:
    for question in TYPED[kind]:
        assert kind in kinds_of(question), question


def test_any_class_can_be_asked_for() -> None:
    for name, phrase in NOUN_PHRASES.items():
        for wording in (*WORDINGS["has"], *HELD_OUT["has"]):
            kinds = kinds_of(wording.format(phrase))
            assert name == "speech" or kinds == {"has"}, wording.format(phrase)
    assert kinds_of("do you hear speech?") == {"speech"}


@pytest.mark.parametrize("prompt", ["Hello.", "Is this clip good?", "Sing a song!", "Why?"])
def test_what_is_no_question_of_these_kinds_is_recognised_as_none(prompt: str) -> None:
    assert kinds_of(prompt) == set()


def test_a_kind_that_is_not_learnt_is_refused_in_words_of_no_list() -> None:
    offers = [kind for kind in KINDS if kind not in ("language", "words")]
    for question in (*HELD_OUT["words"], *TYPED["words"], *HELD_OUT["language"]):
        with pytest.raises(CapabilityError, match="has not learnt"):
            refuse_unlearnt(question, PATTERNS, offers, "a model")
    for kind in offers:
        for question in (FIXED[kind].format("a dog"), *asked(HELD_OUT[kind][0])):
            refuse_unlearnt(question, PATTERNS, offers, "a model")
