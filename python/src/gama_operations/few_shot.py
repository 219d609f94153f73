"""Few-shot probes: how much of a label can be read off features with a handful of examples?

Logistic regression on `per_label` clips of each label, drawn several times (MTEB's `AbsTaskClassification`:
8 a label, 10 draws, at most 100 iterations; Muennighoff et al., EACL 2023). Draws come from the sources of
the other folds and depend on labels, groups and seed only, so that every model learns from the same clips.
Shapes: N clips, D features.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from gama_operations.probe_clips import Clips, nothing, probe_clips
from gama_operations.probe_folds import given_folds, source_folds
from gama_operations.protocol import Interval
from gama_operations.statistics import cluster_interval

MOST_STEPS = 100


@dataclass(frozen=True, slots=True)
class FewShotOutcome:
    """What few examples taught; field by field what the wire's FewShotResult says."""

    accuracy: float
    interval: Interval | None
    reason: str | None
    share: list[float]
    draws: list[float]
    fold: list[int]
    notes: list[str]
    sources: int


def few_shot(
    features: NDArray[Any],
    labels: Sequence[str],
    groups: Sequence[str],
    *,
    per_label: int = 8,
    draws: int = 10,
    folds: int = 5,
    fold: Sequence[int] | None = None,
    seed: int = 0,
    level: float = 0.95,
    check: Callable[[], None] = nothing,
) -> FewShotOutcome:
    """Share of the draws after which each clip is right, and its mean.

    Args:
        features: [N, D]; a clip with NaN or infinity has failed: it is wrong, and teaches nothing.
        labels: the class of each clip.
        groups: the source of each clip.
        per_label: examples of each label; of a label with fewer clips all are taken, and `notes` says so.
        draws: how often examples are drawn for each fold.
        folds: at least 2, where `fold` does not give them.
        fold: of each clip, from 0; a clip of -1 may be an example and is never judged.
        seed: of folds and draws.
        level: of the interval, which is by source and does not hold the variance of the draws.
        check: called between fits; raises when the caller gave up.

    Raises:
        InvalidRequestError: as `probe`.
    """
    clips = probe_clips(features, labels, groups, folds)
    assigned = (
        source_folds(clips.y, clips.source, folds, seed) if fold is None else given_folds(fold, len(clips.y))
    )
    usable = np.asarray(np.isfinite(clips.x).all(axis=1), dtype=np.bool_)
    right = np.zeros((draws, len(clips.y)), dtype=bool)
    notes: list[str] = []
    for index in range(int(assigned.max()) + 1):
        test, train = assigned == index, assigned != index
        names, counts = np.unique(clips.y[train], return_counts=True)
        scarce = names[counts < per_label]
        if len(scarce):
            notes.append(f"fold {index}: fewer than {per_label} clips of {', '.join(scarce.tolist())}")
        for draw in range(draws):
            check()
            rng = np.random.default_rng([seed, index, draw])
            chosen = _drawn(clips.y, np.flatnonzero(train), names, per_label, rng)
            right[draw] |= _right(clips, chosen[usable[chosen]], test & usable)
    if not usable.all():
        notes.append(f"{int((~usable).sum())} failed clip(s): wrong, and no examples")
    judged = assigned >= 0
    share = right.mean(axis=0)
    interval, reason = cluster_interval(share[judged], clips.source[judged].tolist(), level)
    return FewShotOutcome(
        accuracy=float(share[judged].mean()),
        interval=interval,
        reason=reason,
        share=share.tolist(),
        draws=right[:, judged].mean(axis=1).tolist(),
        fold=assigned.tolist(),
        notes=notes,
        sources=len(np.unique(clips.source[judged])),
    )


def _drawn(
    y: NDArray[np.str_],
    train: NDArray[np.intp],
    names: NDArray[np.str_],
    per_label: int,
    rng: np.random.Generator,
) -> NDArray[np.intp]:
    """Places of the examples, label by label."""
    of_label = [train[y[train] == name] for name in names]
    return np.concatenate([rng.permutation(places)[:per_label] for places in of_label])


def _right(clips: Clips, chosen: NDArray[np.intp], test: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """[N]: which of the tested clips are named rightly after these examples."""
    right = np.zeros(len(clips.y), dtype=bool)
    names = np.unique(clips.y[chosen])
    if not test.any() or len(names) == 0:
        return right
    if len(names) == 1:  # the others have failed: nothing is left to learn
        right[test] = clips.y[test] == names[0]
        return right
    scaler = StandardScaler().fit(clips.x[chosen])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # so many steps are the protocol
        model = LogisticRegression(max_iter=MOST_STEPS).fit(
            scaler.transform(clips.x[chosen]), clips.y[chosen]
        )
    right[test] = model.predict(scaler.transform(clips.x[test])) == clips.y[test]
    return right
