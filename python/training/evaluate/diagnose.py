"""Which stage limits gama-tiny? From the folder `python/`, with training clips rendered:

    python -m training.render --split train --clips 3000
    python -m training.evaluate.diagnose

Four figures for each kind of question. Answers on clips of training sources against answers on unseen
sources: what new sources cost. A head refitted on a stage against the generated answer, on the same clips:
what the stages behind it lose. All clips of training sources that are judged here were in training.
"""

import argparse
import sys
from typing import Any

import torch

from gama_operations.models.gama.adapter import GamaModel
from training.evaluate.asking import Asked, all_questions, answers, audio_prefixes
from training.evaluate.clips import Clip, held_out_clips, train_clips
from training.evaluate.confusions import class_rows, count_rows
from training.evaluate.intervals import difference, score, text
from training.evaluate.refitted_heads import Labelled, Views, head_answers, reduced, stage_views
from training.evaluate.results import save_result
from training.evaluate.scoring import grades
from training.evaluate.sections import gama

NAME = "gama-tiny"
KINDS = ("class", "count", "register", "direction", "tempo", "sex", "language", "order1", "order2")
FITTED, JUDGED = 2_200, 800
"""Training clips that heads are fitted on, and further ones that they and the answers are judged on."""


def questions_of(clips: list[Clip]) -> list[Asked]:
    """Questions of KINDS in the first wording."""
    return [item for item in all_questions(clips) if item.kind in KINDS]


def _rows(views: Views, view: str, asked: list[Asked], clips: list[Clip]) -> Labelled:
    at = [item.clip for item in asked]
    return Labelled(views[view][at], [item.answer for item in asked], [clips[n].source for n in at])


class Side:
    """Clips of one side, their questions, their stages and what the model answered."""

    def __init__(self, model: GamaModel, clips: list[Clip], *, ask: bool = True) -> None:
        self.clips = clips
        self.asked = questions_of(clips)
        self.views: Views = stage_views(model, clips)
        self.given = answers(model, audio_prefixes(model, clips), self.asked) if ask else []

    def of_kind(self, kind: str) -> tuple[list[Asked], list[str]]:
        """Questions of a kind, and the answers to them."""
        which = [n for n, item in enumerate(self.asked) if item.kind == kind]
        return [self.asked[n] for n in which], [self.given[n] for n in which if self.given]


def kind_rows(fitted: Side, side: Side, kind: str) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Scores of the generated answers and of every refitted head on one side; and the answers."""
    known, _ = fitted.of_kind(kind)
    asked, given = side.of_kind(kind)
    sources = [side.clips[item.clip].source for item in asked]
    arms = {"generated": given} | {
        f"head on {view}": head_answers(
            _rows(fitted.views, view, known, fitted.clips), _rows(side.views, view, asked, side.clips).x
        )
        for view in side.views
    }
    graded = {arm: grades(asked, found) for arm, found in arms.items()}
    row: dict[str, Any] = {"kind": kind, "questions": len(asked), "sources": len(set(sources))}
    row |= {arm: score(right, sources) for arm, right in graded.items()}
    head = "head on queries"
    row["head on queries - generated"] = difference(graded[head], graded["generated"], sources)
    return row, arms


def diagnose(
    model: GamaModel, fitted_on: list[Clip], training: list[Clip], unseen: list[Clip]
) -> dict[str, Any]:
    """The whole report; what is there is stored after each side.

    Args:
        model: gama-tiny.
        fitted_on: clips of training sources that heads are fitted on.
        training: further clips of training sources.
        unseen: clips of other sources.
    """
    fitted = Side(model, fitted_on, ask=False)
    sides = {"training sources": Side(model, training), "unseen sources": Side(model, unseen)}
    everyone = (fitted, *sides.values())
    for side, views in zip(everyone, reduced(*(side.views for side in everyone)), strict=True):
        side.views = views
    kinds = [kind for kind in KINDS if all(side.of_kind(kind)[0] for side in everyone)]
    report: dict[str, Any] = {"model": NAME, "revision": model.info.revision, "sides": {}, "groups": {}}
    report["fitted on"] = len(fitted_on)
    for name, side in sides.items():
        rows: list[dict[str, Any]] = []
        arms: dict[str, dict[str, list[str]]] = {}
        for kind in kinds:
            row, arms[kind] = kind_rows(fitted, side, kind)
            rows.append(row)
            print(_printed(name, row), flush=True)
        report["sides"][name] = rows
        report["groups"][name] = _groups(side, side.of_kind("class")[0], arms["class"])
        if side.clips is unseen:
            report |= _details(side, arms)
        save_result("diagnosis", model.info.revision, report)
    return report


def _details(side: Side, arms: dict[str, dict[str, list[str]]]) -> dict[str, Any]:
    """Answers by class, counts by what was rendered."""
    asked, _ = side.of_kind("class")
    counted, _ = side.of_kind("count")
    shown = ("generated", "head on queries", "head on encoder, pooled")
    timed = ("generated", "head on queries", "head on encoder, in time")
    return {
        "classes": class_rows(side.clips, asked, {arm: arms["class"][arm] for arm in shown}),
        "counts": {arm: count_rows(side.clips, counted, arms["count"][arm]) for arm in timed},
    }


def _groups(side: Side, asked: list[Asked], arms: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Class by instruments, effects and voices, for every arm."""
    rows: list[dict[str, Any]] = []
    for group in ("instrument", "effect", "speech"):
        which = [n for n, item in enumerate(asked) if side.clips[item.clip].kind == group]
        if not which:
            continue
        part, sources = [asked[n] for n in which], [side.clips[asked[n].clip].source for n in which]
        found = {arm: score(grades(part, [given[n] for n in which]), sources) for arm, given in arms.items()}
        rows.append({"group": group, "questions": len(which), **found})
    return rows


def _printed(side: str, row: dict[str, Any]) -> str:
    arms = [f"{arm} {text(row[arm])}" for arm in row if arm == "generated" or arm.startswith("head")]
    return f"{side}: {row['kind']} (n {row['questions']}): {'; '.join(arms)}"


def _detail(report: dict[str, Any]) -> str:
    lines = [
        f"{side}: {row['group']} (n {row['questions']}): {text(row['generated'])}"
        for side, rows in report["groups"].items()
        for row in rows
    ]
    lines += [
        f"{row['class']} (n {row['clips']}, {row['sources']} sources): generated {row['generated']:.2f}, "
        f"head on queries {row['head on queries']:.2f}; {', '.join(row['mistaken for'])}"
        for row in report["classes"]
    ]
    lines += [
        f"count, {arm}, {name} {row['value']} (n {row['questions']}): {text(row)}, "
        f"error {row['mean error']}, within one {row['within one']}; {row['given']}"
        for arm, tables in report["counts"].items()
        for name, rows in tables.items()
        for row in rows
    ]
    return "\n".join(lines)


def main() -> int:
    """Diagnoses, prints and stores."""
    parser = argparse.ArgumentParser(description="Which stage limits gama-tiny?")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    training = train_clips(FITTED + JUDGED, single=False)
    report = diagnose(gama(NAME, "trained"), training[:FITTED], training[FITTED:], held_out_clips())
    print(_detail(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
