"""Does a model understand the question, or the sentence? From the folder `python/`:

    python -m training.evaluate.paraphrases                   # gama-tiny, rendered test clips

The same questions about the same clips in three ways: in the first wording of training, which the card's
figures use; in another wording of training; in wordings that training never had.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from gama_operations.models.gama.adapter import GamaModel
from training.evaluate.asking import Asked, all_questions, answers, audio_prefixes
from training.evaluate.card import write_card
from training.evaluate.clips import Clip, held_out_clips
from training.evaluate.evidence import PARAPHRASES, keep_report
from training.evaluate.intervals import Score, difference, score, text
from training.evaluate.results import save_result
from training.evaluate.scoring import MARGIN, grades
from training.evaluate.sections import gama
from training.export import WEIGHTS
from training.wordings import FIXED, HELD_OUT

NAME = "gama-tiny"
MOST = 240
"""Questions of a kind, at even distances through all of them."""


def reworded(item: Asked, wording: str) -> Asked:
    """The same question in other words."""
    return Asked(item.clip, item.kind, wording.format(item.subject), item.answer, item.subject)


def chosen_questions(asked: list[Asked], kind: str, most: int) -> list[Asked]:
    """Questions of a kind, spread over all clips."""
    mine = [item for item in asked if item.kind == kind]
    if len(mine) <= most:
        return mine
    return [mine[int(at)] for at in np.linspace(0, len(mine) - 1, most)]


def wordings_of(kind: str, trained: dict[str, list[str]]) -> dict[str, str]:
    """Wordings to ask in: name to words.

    Raises:
        ValueError: a held-out wording is among those of training.
    """
    known = set(trained[kind])
    leaked = known & set(HELD_OUT[kind])
    if leaked:
        raise ValueError(f"held-out wordings were trained: {sorted(leaked)}")
    others = [wording for wording in trained[kind] if wording != FIXED[kind]]
    return dict.fromkeys(others, "trained") | dict.fromkeys(HELD_OUT[kind], "held out")


@dataclass(frozen=True)
class Exam:
    """A model and what it is asked about.

    Attributes:
        model: the model.
        clips: what is heard.
        prefixes: what its language model sees of each clip.
        trained: wordings of each kind in its training.
        blind: its most frequent answers in training.
    """

    model: GamaModel
    clips: list[Clip]
    prefixes: torch.Tensor
    trained: dict[str, list[str]]
    blind: dict[str, str]

    def grades(self, asked: list[Asked]) -> list[float]:
        """Grades of the model's answers."""
        return grades(asked, answers(self.model, self.prefixes, asked))

    def report(self, items: list[Asked]) -> dict[str, Any]:
        """Scores of questions of one kind in its first wording and in every other one."""
        kind, sources = items[0].kind, [self.clips[item.clip].source for item in items]
        guessed = float(np.mean(grades(items, [self.blind.get(item.question, "") for item in items])))
        first = self.grades(items)
        rows: list[dict[str, Any]] = []
        graded: dict[str, list[list[float]]] = {"trained": [], "held out": []}
        for wording, side in wordings_of(kind, self.trained).items():
            graded[side].append(self.grades([reworded(item, wording) for item in items]))
            rows.append({"wording": wording, "side": side, **score(graded[side][-1], sources)})
        report: dict[str, Any] = {"kind": kind, "questions": len(items), "sources": len(set(sources))}
        report |= {"blind": round(guessed, 4), "first": score(first, sources), "wordings": rows}
        for side, found in graded.items():
            means = np.mean(found, axis=0).tolist()
            report[side] = {**score(means, sources), "minus first": difference(means, first, sources)}
            report[side]["learnt"] = _learnt(score(means, sources), guessed)
        return report


def _learnt(found: Score, blind: float) -> bool:
    """The rule of the offers: the lower bound, or a score that is perfect in every source."""
    bound = found["mean"] if found["low"] is None and found["mean"] == 1 else found["low"]
    return bound is not None and bound >= blind + MARGIN


def printed(row: dict[str, Any]) -> str:
    """One kind in a few lines."""
    held = row["held out"]
    size = f"{row['kind']} (n {row['questions']}, blind {row['blind']:.3f})"
    scores = f"first {text(row['first'])}, trained {text(row['trained'])}, held out {text(held)}"
    loss = f"held out - first {text(held['minus first'])}, learnt: {held['learnt']}"
    lines = [f"{size}: {scores}; {loss}"]
    lines += [f"    {item['side']}: {item['wording']} {text(item)}" for item in row["wordings"]]
    return "\n".join(lines)


def main() -> int:
    """Asks, prints and stores after every kind."""
    parser = argparse.ArgumentParser(description="Ask gama-tiny in words that training never had.")
    parser.add_argument("--most", type=int, default=MOST, help="questions of a kind")
    parser.add_argument("--write", action="store_true", help="store paraphrases.json and the card")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model = gama(NAME, "trained")
    clips = held_out_clips()
    trained = json.loads((WEIGHTS / NAME / "training.json").read_text())["wordings"]
    blind = json.loads((WEIGHTS / NAME / "blind.json").read_text())
    exam = Exam(model, clips, audio_prefixes(model, clips), trained, blind)
    asked = all_questions(clips)
    rows: list[dict[str, Any]] = []
    for kind in FIXED:
        rows.append(exam.report(chosen_questions(asked, kind, options.most)))
        path = save_result("paraphrases", model.info.revision, {"model": NAME, "kinds": rows})
        print(f"{printed(rows[-1])}\n  -> {path}", flush=True)
    if options.write:
        keep_report(WEIGHTS / NAME, PARAPHRASES, {"kinds": rows})
        write_card(WEIGHTS / NAME)
    return 0


if __name__ == "__main__":
    sys.exit(main())
