"""Where answers go wrong: confusions by class, errors of counts by tempo and by spacing in time."""

from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np

from training.evaluate.asking import Asked
from training.evaluate.clips import Clip
from training.evaluate.intervals import score
from training.phrases import NUMBERS
from training.questions import normalised

SPACING_SECONDS = (0.0, 0.2, 0.3, 0.45, 0.7, 1.0, 9.0)
WORST = 3
"""Confusions listed per class."""


def class_rows(clips: list[Clip], asked: list[Asked], arms: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Per class: clips, sources, share right of each arm, and the first arm's most frequent mistakes."""
    first = next(iter(arms.values()))
    rows: list[dict[str, Any]] = []
    for name in sorted({item.answer for item in asked}):
        which = [number for number, item in enumerate(asked) if item.answer == name]
        mistakes = Counter(first[number] for number in which if normalised(first[number]) != normalised(name))
        rows.append(
            {
                "class": name,
                "clips": len(which),
                "sources": len({clips[asked[number].clip].source for number in which}),
                **{arm: _share(given, asked, which) for arm, given in arms.items()},
                "mistaken for": [f"{text} ({number})" for text, number in mistakes.most_common(WORST)],
            }
        )
    return rows


def _share(given: list[str], asked: list[Asked], which: list[int]) -> float:
    hits = [normalised(given[number]) == normalised(asked[number].answer) for number in which]
    return round(float(np.mean(hits)), 4)


def spacing_seconds(event: dict[str, Any]) -> float:
    """Seconds from sound to sound, roughly: the event's length over its count."""
    return float(event["end"] - event["start"]) / int(event["count"])


def count_rows(clips: list[Clip], asked: list[Asked], given: list[str]) -> dict[str, list[dict[str, Any]]]:
    """Share right and mean signed error of counts, by what was rendered, by tempo and by spacing."""
    events = [clips[item.clip].meta["events"][0] for item in asked]
    keys: dict[str, list[str]] = {
        "count": [NUMBERS[event["count"]] for event in events],
        "kind": [str(event["kind"]) for event in events],
        "tempo": [str(event["tempo"] or "not set") for event in events],
        "spacing": [
            _spacing_bin(spacing_seconds(event)) if event["count"] > 1 else "one" for event in events
        ],
    }
    return {name: _grouped(values, clips, asked, given) for name, values in keys.items()}


def _spacing_bin(seconds: float) -> str:
    edges = pairwise(SPACING_SECONDS)
    return next(f"{low:.2f}-{high:.2f} s" for low, high in edges if low <= seconds < high)


def _grouped(
    values: list[str], clips: list[Clip], asked: list[Asked], given: list[str]
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for value in sorted(set(values)):
        which = [number for number, found in enumerate(values) if found == value]
        right = [float(normalised(given[n]) == normalised(asked[n].answer)) for n in which]
        errors = [
            NUMBERS.index(given[n]) - NUMBERS.index(asked[n].answer) for n in which if given[n] in NUMBERS
        ]
        rows.append(
            {
                "value": value,
                "questions": len(which),
                **score(right, [clips[asked[n].clip].source for n in which]),
                "mean error": round(float(np.mean(errors)), 3) if errors else None,
                "within one": round(float(np.mean(np.abs(errors) <= 1)), 3) if errors else None,
                "given": dict(Counter(given[n] for n in which).most_common(7)),
            }
        )
    return rows
