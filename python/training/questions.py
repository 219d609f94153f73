"""Questions about a rendered clip with short canonical answers; pure in metadata and generator."""

import re
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from training.captions import caption, caption_f1
from training.phrases import NOUN_PHRASES, NUMBERS
from training.render.classes import CLASSES
from training.wordings import FIXED, KINDS, WORDINGS

# the share of clips without a background that are asked for one: the answer is then "nothing"
NOTHING_SHARE = 0.25


@dataclass(frozen=True)
class Question:
    """One question about one clip.

    Attributes:
        kind: one of KINDS.
        question: its words.
        answer: what was rendered.
        subject: noun phrase of the yes/no question, which other wordings of it need.
    """

    kind: str
    question: str
    answer: str
    subject: str


def _event_answers(event: dict[str, Any]) -> dict[str, str]:
    answers = {"class": NOUN_PHRASES[event["class"]]}
    if event["count"]:
        answers["count"] = NUMBERS[event["count"]]
    return answers | {key: event[key] for key in ("register", "direction", "tempo") if event[key]}


def _speech_answers(events: list[dict[str, Any]]) -> dict[str, str]:
    spoken = [event for event in events if event["kind"] == "speech"]
    answers = {"speech": "yes" if spoken else "no"}
    if len(spoken) == 1:
        answers |= {"sex": f"a {spoken[0]['sex']}", "language": spoken[0]["language"]}
        if spoken[0]["language"] == "english":
            answers["words"] = " ".join(spoken[0]["words"])
    return answers


def _has(present: set[str], rng: np.random.Generator) -> tuple[str, str]:
    wanted = bool(rng.random() < 0.5)
    names = sorted(present) if wanted else [name for name in CLASSES if name not in present]
    return NOUN_PHRASES[str(rng.choice(names))], "yes" if wanted else "no"


def questions(
    meta: dict[str, Any], rng: np.random.Generator, *, wording: Literal["fixed", "varied"] = "fixed"
) -> list[Question]:
    """All questions that a clip's metadata can answer.

    Args:
        meta: metadata of one clip, as `render_clip` gives it.
        rng: draws the class of the yes/no question, and the wording where it varies.
        wording: "fixed" asks in the evaluation's words, "varied" in any of WORDINGS.
    """
    events, background = meta["events"], meta["background"]
    answers: dict[str, str] = _speech_answers(events)
    if len(events) == 1:
        answers |= _event_answers(events[0])
    else:
        answers |= {f"order{k}": NOUN_PHRASES[event["class"]] for k, event in enumerate(events[:2], 1)}
    if background or rng.random() < NOTHING_SHARE:
        answers["background"] = NOUN_PHRASES[background] if background else "nothing"
    present = {event["class"] for event in events} | ({background} if background else set())
    answers |= {
        "sources": NUMBERS[len(present)],
        "loudness": meta["loudness"],
        "caption": caption(meta),
    }
    subject, answers["has"] = _has(present, rng)
    return [
        Question(kind, _worded(kind, rng, wording).format(subject), answers[kind], subject)
        for kind in KINDS
        if kind in answers
    ]


def _worded(kind: str, rng: np.random.Generator, wording: str) -> str:
    return FIXED[kind] if wording == "fixed" else WORDINGS[kind][int(rng.integers(len(WORDINGS[kind])))]


def normalised(text: str) -> str:
    """Lower case, without punctuation and double spaces."""
    return " ".join(re.sub(r"[^\w\s]", " ", text.lower()).split())


def grade(kind: str, answer: str, expected: str) -> float:
    """Score of an answer: 1 or 0 by normalised exact match; captions by the F1 of their attributes.

    Raises:
        ValueError: no such kind of question.
    """
    if kind not in WORDINGS:
        raise ValueError(f"no question kind {kind!r}; there are {', '.join(KINDS)}")
    if kind == "caption":
        return caption_f1(answer, expected)
    return float(normalised(answer) == normalised(expected))
