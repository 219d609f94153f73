"""Scores of answers per question kind, each with its interval by source, beside what needs no audio."""

from typing import Any

from training.evaluate.asking import Asked
from training.evaluate.clips import Clip
from training.evaluate.intervals import score
from training.questions import grade
from training.wordings import KINDS

MARGIN = 0.10
"""A kind counts as learnt when the lower bound of its score is this far above blind."""
ARMS = ("model", "shuffled", "random", "blind")


def grades(asked: list[Asked], given: list[str]) -> list[float]:
    """1 or 0 per answer; captions by the F1 of their attributes."""
    return [grade(item.kind, text, item.answer) for item, text in zip(asked, given, strict=True)]


def answer_rows(clips: list[Clip], asked: list[Asked], arms: dict[str, list[str]]) -> list[dict[str, Any]]:
    """One row per kind: `arms` holds the answers of each arm in the order of `asked`."""
    graded = {name: grades(asked, given) for name, given in arms.items()}
    rows: list[dict[str, Any]] = []
    for kind in KINDS:
        which = [number for number, item in enumerate(asked) if item.kind == kind]
        if not which:
            continue
        sources = [clips[asked[number].clip].source for number in which]
        row: dict[str, Any] = {"kind": kind, "questions": len(which), "sources": len(set(sources))}
        for name in graded:
            row[name] = score([graded[name][number] for number in which], sources)
        low = row["model"]["low"]
        # a score that is the same in every source has no interval; a perfect one is learnt all the same
        bound = row["model"]["mean"] if low is None and row["model"]["mean"] == 1 else low
        row["learnt"] = bound is not None and bound >= row["blind"]["mean"] + MARGIN
        rows.append(row)
    return rows


def group_rows(clips: list[Clip], asked: list[Asked], arms: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Class and count for each unseen group apart: instruments (presets), effects (parameters), voices."""
    rows: list[dict[str, Any]] = []
    for group in ("instrument", "effect", "speech"):
        chosen = [n for n, item in enumerate(asked) if clips[item.clip].kind == group]
        part = {name: [given[n] for n in chosen] for name, given in arms.items()}
        found = answer_rows(clips, [asked[n] for n in chosen], part) if chosen else []
        rows += [{"group": group, **row} for row in found if row["kind"] in ("class", "count", "caption")]
    return rows
