"""Probes for clips of several labels: can each tag be read off frozen features?

Ridge regression onto all tags at once, its strength chosen inside the training fold by mean average
precision. The measure is the macro mean of each tag's average precision over the clips that are judged
(FSD50K's mAP; Fonseca et al., IEEE/ACM TASLP 30, 2022, section V).
Shapes: N clips, D features, K tags.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score
from sklearn.preprocessing import StandardScaler

from gama_operations.errors import InvalidRequestError
from gama_operations.probe_classifiers import RIDGE_GRID, ridge_outputs
from gama_operations.probe_clips import nothing
from gama_operations.probe_folds import given_folds, source_folds

INNER_FOLDS = 3
_INNER_SEED = 1  # added to the seed, so that inner folds do not repeat the outer draw
DEFAULT = 100.0

Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TagOutcome:
    """What a probe of tags found; the wire's ProbeTagsResult says it field by field."""

    names: list[str]
    scores: NDArray[np.float32]
    """[N, K]; NaN for clips that only train. A failed clip stands below all others."""
    ap: list[float | None]
    """Per tag; None where no judged clip has it."""
    mean_ap: float
    fold: list[int]
    settings: list[str]
    sources: int


@dataclass(frozen=True, slots=True)
class _Clips:
    x: Matrix
    held: Mask
    """[N, K]: which tags a clip has."""
    stratum: NDArray[np.str_]
    """What folds balance: the rarest tag of each clip."""
    source: NDArray[np.str_]


def probe_tags(
    features: NDArray[Any],
    tags: Sequence[Sequence[str]],
    groups: Sequence[str],
    *,
    folds: int = 5,
    fold: Sequence[int] | None = None,
    seed: int = 0,
    check: Callable[[], None] = nothing,
) -> TagOutcome:
    """Scores of each tag for each clip, from a probe that has not seen the clip's source.

    Args:
        features: [N, D]; a clip with NaN or infinity has failed: it stands last, and teaches nothing.
        tags: of each clip; one may have none.
        groups: the source of each clip.
        folds: at least 2, where `fold` does not give them.
        fold: of each clip, from 0; a clip of -1 only trains (a data set with one test split has it as 0).
        seed: of the folds.
        check: called between fits; raises when the caller gave up.

    Raises:
        InvalidRequestError: lengths that differ, one source only, no tag at all, folds that are none.
    """
    x, source = np.asarray(features, dtype=np.float64), np.asarray(groups, dtype=np.str_)
    names = sorted({tag for of_clip in tags for tag in of_clip})
    if x.ndim != 2 or not len(x) == len(tags) == len(source):
        raise InvalidRequestError(
            f"Expected features [clips, features] with tags and a group for each clip, got {list(x.shape)}, "
            f"{len(tags)} and {len(source)}"
        )
    if not names or len(np.unique(source)) < 2:
        raise InvalidRequestError("Expected clips with tags, of at least two sources")
    held = np.array([[name in of_clip for name in names] for of_clip in map(set, tags)])  # (N, K)
    clips = _Clips(x, held, _rarest(held), source)
    assigned = source_folds(clips.stratum, source, folds, seed) if fold is None else given_folds(fold, len(x))
    usable = np.isfinite(x).all(axis=1)
    scores = np.full(held.shape, np.nan)
    settings: list[str] = []
    for index in range(int(assigned.max()) + 1):
        check()
        test, train = assigned == index, (assigned != index) & usable
        alpha, setting = _choose(clips, train, seed + _INNER_SEED, check)
        settings.append(setting)
        scores[test & usable] = _scores(clips, train, test & usable, [alpha])[0]
        scores[test & ~usable] = np.nanmin(scores[test & usable], initial=0) - 1
    judged = assigned >= 0
    ap = _average_precisions(held[judged], scores[judged])
    return TagOutcome(
        names=names,
        scores=scores.astype(np.float32),
        ap=ap,
        mean_ap=_mean(ap),
        fold=assigned.tolist(),
        settings=settings,
        sources=len(np.unique(source[judged])),
    )


def _rarest(held: Mask) -> NDArray[np.str_]:
    """The rarest tag of each clip, by which folds are balanced; "none" without one."""
    counts = np.where(held, held.sum(axis=0), len(held) + 1)
    return np.where(held.any(axis=1), counts.argmin(axis=1).astype(np.str_), "none")


def _choose(clips: _Clips, train: Mask, seed: int, check: Callable[[], None]) -> tuple[float, str]:
    """The strength with the highest mAP on inner source-disjoint folds of the training clips."""
    places = np.flatnonzero(train)
    if len(places) == 0:
        raise InvalidRequestError("No training clip of a fold has features: all failed")
    if len(np.unique(clips.source[places])) < 2:
        return DEFAULT, f"alpha={DEFAULT:g} (default: one source in training)"
    inner = source_folds(clips.stratum[places], clips.source[places], INNER_FOLDS, seed)
    outputs = np.zeros((len(RIDGE_GRID), len(places), clips.held.shape[1]))
    for index in range(int(inner.max()) + 1):
        check()
        inside, outside = np.zeros_like(train), np.zeros_like(train)
        inside[places[inner != index]], outside[places[inner == index]] = True, True
        outputs[:, inner == index] = _scores(clips, inside, outside, RIDGE_GRID)
    found = [_mean(_average_precisions(clips.held[places], one)) for one in outputs]
    # the grid begins with the strongest smoothing, which therefore wins a tie
    best = RIDGE_GRID[int(np.argmax(found))]
    return best, f"alpha={best:g}"


def _scores(clips: _Clips, train: Mask, unseen: Mask, alphas: Sequence[float]) -> list[Matrix]:
    scaler = StandardScaler().fit(clips.x[train])
    known, new = (np.asarray(scaler.transform(clips.x[rows])) for rows in (train, unseen))
    return ridge_outputs(known, clips.held[train].astype(np.float64), new, alphas)


def _average_precisions(held: Mask, scores: Matrix) -> list[float | None]:
    return [
        float(average_precision_score(truth, score)) if truth.any() else None
        for truth, score in zip(held.T, scores.T, strict=True)
    ]


def _mean(ap: Sequence[float | None]) -> float:
    found = [value for value in ap if value is not None]
    return float(np.mean(found)) if found else 0.0
