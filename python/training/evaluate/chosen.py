"""Probes whose features and classifier are chosen on training folds, never on the clips that judge them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gama_operations.probes import ProbeOutcome, probe

FOLDS, SEED = 5, 0


@dataclass(frozen=True)
class Candidate:
    """Features and classifier that may be chosen; `pooling` is `mean` or `mean_std` over time."""

    features: str
    layer: str
    pooling: str
    probe: Literal["linear", "knn"]

    @property
    def name(self) -> str:
        """All four, for reports."""
        layer = "" if self.layer == self.features else f" {self.layer}"
        return f"{self.features}{layer} {self.pooling} {self.probe}"


@dataclass(frozen=True)
class Chosen:
    """What a choice among candidates gave.

    Attributes:
        correct: per clip, by the candidate that its fold's training clips chose.
        choices: the candidate of each fold.
        inner: accuracy of each fold's candidate inside the training clips, by which it was chosen.
    """

    correct: list[bool]
    choices: list[str]
    inner: list[float]


def judge(
    features: Mapping[Candidate, NDArray[Any]], labels: Sequence[str], sources: Sequence[str]
) -> dict[Candidate, ProbeOutcome]:
    """Every candidate on the same source-disjoint folds, its strength chosen inside the training folds."""
    return {
        candidate: probe(rows, labels, sources, kind=candidate.probe, folds=FOLDS, seed=SEED)
        for candidate, rows in features.items()
    }


def choose(judged: Mapping[Candidate, ProbeOutcome]) -> Chosen:
    """For each fold the candidate that is best inside the fold's training clips; the first of equals."""
    fold = np.array(next(iter(judged.values())).fold)
    correct = np.zeros(len(fold), bool)
    choices: list[str] = []
    inner: list[float] = []
    for index in range(int(fold.max()) + 1):
        best = max(judged, key=lambda candidate, at=index: judged[candidate].inner[at])
        here = fold == index
        correct[here] = np.array(judged[best].correct)[here]
        choices.append(best.name)
        inner.append(judged[best].inner[index])
    return Chosen(correct.tolist(), choices, inner)
