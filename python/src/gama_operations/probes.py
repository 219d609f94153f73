"""Probes: can the label be read off frozen features, on sources that the probe never saw?

Folds are disjoint in sources and balanced in labels where possible; they depend on labels, groups, number
and seed only, so that every model is judged on the same ones. Standardisation and the one hyper-parameter
are fitted inside the training fold, the latter on an inner split that is again disjoint in sources.
A clip whose features are not numbers (it failed to encode) is wrong, and is no training example.
Folds of a benchmark are taken as they are given: its authors' split is part of what a number means.
Shapes: N clips, S layers or frames, D features, K classes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import StandardScaler

from gama_operations.errors import InvalidRequestError
from gama_operations.probe_classifiers import CLASSIFIERS, Classifier
from gama_operations.probe_folds import given_folds, source_folds
from gama_operations.protocol import Interval
from gama_operations.statistics import cluster_interval

INNER_FOLDS = 3
FAILED = ""  # prediction for a clip without features
_INNER_SEED = 1  # added to the seed, so that inner folds do not repeat the outer draw

Kind = Literal["linear", "knn", "mlp", "layers", "attention"]
Features = NDArray[np.float64]
Labels = NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class ProbeOutcome:
    """What a probe found; field by field what the wire's ProbeResult says."""

    accuracy: float
    interval: Interval | None
    reason: str | None
    correct: list[bool]
    predictions: list[str]
    fold: list[int]
    settings: list[str]
    inner: list[float]
    parameters: int
    layer_weights: list[list[float]] | None
    majority: float
    sources: int


@dataclass(frozen=True, slots=True)
class _Clips:
    x: Features
    """[N, D], or [N, S, D] for classifiers that learn how to pool."""
    y: Labels
    source: Labels

    def __getitem__(self, rows: NDArray[np.bool_]) -> "_Clips":
        return _Clips(self.x[rows], self.y[rows], self.source[rows])


@dataclass(frozen=True, slots=True)
class _Fold:
    predictions: Labels
    majority: str
    setting: str
    inner: float
    parameters: int
    weights: list[float] | None = None


def _nothing() -> None:
    """The default check: nobody cancels."""


def probe(
    features: NDArray[Any],
    labels: Sequence[str],
    groups: Sequence[str],
    *,
    kind: Kind = "linear",
    folds: int = 5,
    fold: Sequence[int] | None = None,
    seed: int = 0,
    level: float = 0.95,
    check: Callable[[], None] = _nothing,
) -> ProbeOutcome:
    """Accuracy of a probe in cross-validation, on folds disjoint in sources or on those that are given.

    `linear` is ridge classification, `knn` a vote of cosine neighbours, `mlp` a network of one hidden layer;
    `layers` and `attention` are linear, too, and learn the weights of layers or frames (`probe_learned.py`).
    With fewer sources than folds there are as many folds as sources; `settings` says so, and what else
    deserves to be known about a fold: classes that its training fold lacks (their clips cannot be right),
    failed clips, and sources on both sides of a fold that was given.

    `inner` is, per fold, the accuracy in source-disjoint folds of the fold's training clips: by it features
    and classifiers can be chosen without the clips that judge them; 0 where a training fold has one source
    and nothing was chosen. `parameters` are those that the largest fold has fitted.

    Args:
        features: [N, D]; for `layers` [N, layers, D]; for `attention` [N, frames, D], with NaN in frames
            beyond the end of a clip. Otherwise clips with NaN are failed ones.
        labels: the class of each clip.
        groups: the source of each clip.
        kind: which classifier.
        folds: at least 2.
        fold: of each clip, from 0; a clip of -1 trains in every fold and is never judged (a data set with
            one test split has it in fold 0). Its prediction is "".
        seed: of the folds.
        level: of the interval.
        check: called between fits; raises when the caller gave up.

    Raises:
        InvalidRequestError: lengths that differ, one source or one class only, fewer than 2 folds, folds
            that are not numbered from 0 or leave nothing to train on.
    """
    classifier = CLASSIFIERS[kind]
    clips = _clips(features, labels, groups, folds, classifier)
    assigned = (
        source_folds(clips.y, clips.source, folds, seed) if fold is None else given_folds(fold, len(clips.y))
    )
    used, sources = int(assigned.max()) + 1, len(np.unique(clips.source))
    fewer = f"; {used} folds, not {folds}: {sources} sources" if fold is None and used < folds else ""
    predictions, majority = np.full_like(clips.y, FAILED), np.full_like(clips.y, FAILED)
    settings: list[str] = []
    results: list[_Fold] = []
    for index in range(used):
        check()
        test = assigned == index
        result = _judge(classifier, clips[~test], clips[test], seed + _INNER_SEED, check)
        predictions[test], majority[test] = result.predictions, result.majority
        settings.append(result.setting + fewer + _on_both_sides(clips.source, test))
        results.append(result)
    judged, correct = assigned >= 0, predictions == clips.y
    interval, reason = cluster_interval(correct[judged], clips.source[judged].tolist(), level)
    return ProbeOutcome(
        accuracy=float(correct[judged].mean()),
        interval=interval,
        reason=reason,
        correct=correct.tolist(),
        predictions=predictions.tolist(),
        fold=assigned.tolist(),
        settings=settings,
        inner=[result.inner for result in results],
        parameters=max(result.parameters for result in results),
        layer_weights=[result.weights or [] for result in results] if kind == "layers" else None,
        majority=float((majority == clips.y)[judged].mean()),
        sources=len(np.unique(clips.source[judged])),
    )


def _on_both_sides(source: Labels, test: NDArray[np.bool_]) -> str:
    both = np.intersect1d(source[test], source[~test])
    return f"; {len(both)} source(s) in training and test, {str(both[0])!r} first" if len(both) else ""


def _judge(
    classifier: Classifier, train: _Clips, test: _Clips, seed: int, check: Callable[[], None]
) -> _Fold:
    """Trains on one side, answers on the other."""
    classes, counts = np.unique(train.y, return_counts=True)
    usable, heard = _usable(train, classifier), _usable(test, classifier)
    notes: list[str] = []
    unseen = test.y[~np.isin(test.y, classes)]
    if len(unseen):
        notes.append(f"{len(unseen)} clip(s) of {len(np.unique(unseen))} class(es) without a training source")
    if not (usable.all() and heard.all()):
        notes.append(f"failed clips: {(~usable).sum()} not trained on, {(~heard).sum()} counted wrong")
    predictions, inner = np.full_like(test.y, FAILED), 0.0
    weights: list[float] | None = None
    if usable.any():
        strength, why, inner = _choose(classifier, train[usable], seed, check)
        notes.insert(0, f"{classifier.name}={strength:g}{why}")
        if heard.any():
            answers, learnt = _fit_predict(classifier, train[usable], test[heard], [strength])[0]
            weights = None if learnt is None else learnt.tolist()
            predictions = predictions.astype(answers.dtype)
            predictions[heard] = answers
    else:
        notes.insert(0, "no training clip has features")
    fitted = classifier.parameters(train.x.shape, len(np.unique(train.y[usable])))
    return _Fold(predictions, str(classes[counts.argmax()]), "; ".join(notes), inner, fitted, weights)


def _choose(
    classifier: Classifier, train: _Clips, seed: int, check: Callable[[], None]
) -> tuple[float, str, float]:
    """The hyper-parameter with most right answers on inner source-disjoint folds, and their share there."""
    if len(np.unique(train.source)) < 2:
        return classifier.default, " (default: one source in training)", 0.0
    inner = source_folds(train.y, train.source, INNER_FOLDS, seed)
    right = np.zeros(len(classifier.grid))
    for index in range(int(inner.max()) + 1):
        check()
        held = inner == index
        answers = _fit_predict(classifier, train[~held], train[held], classifier.grid)
        right += [(answer == train.y[held]).sum() for answer, _ in answers]
    # the grid begins with the strongest smoothing, which therefore wins a tie
    return classifier.grid[int(right.argmax())], "", float(right.max() / len(train.y))


def _usable(clips: _Clips, classifier: Classifier) -> NDArray[np.bool_]:
    """Which clips have features: one with NaN or infinity failed to encode, unless it only ends there."""
    if not classifier.pads:
        return np.asarray(np.isfinite(clips.x).reshape(len(clips.x), -1).all(axis=1), dtype=np.bool_)
    there = np.asarray(np.isfinite(clips.x).all(axis=2), dtype=np.bool_)
    ended = np.asarray(np.isnan(clips.x).all(axis=2), dtype=np.bool_)
    return np.asarray(there[:, 0] & (there | ended).all(axis=1), dtype=np.bool_)


def _fit_predict(
    classifier: Classifier, train: _Clips, unseen: _Clips, strengths: Sequence[float]
) -> list[tuple[Labels, NDArray[np.float64] | None]]:
    """Answers for `unseen` and what was learnt, per strength; the scale is the training clips' own."""
    classes, index = np.unique(train.y, return_inverse=True)
    known, new = train.x, unseen.x
    if known.ndim == 2:
        scaler = StandardScaler().fit(known)
        # asarray: scikit-learn's stubs also allow other containers
        known, new = np.asarray(scaler.transform(known)), np.asarray(scaler.transform(new))
    found = classifier.answers(known, index, new, strengths)
    return [(classes[one.answers], one.weights) for one in found]


def _clips(
    features: NDArray[Any], labels: Sequence[str], groups: Sequence[str], folds: int, classifier: Classifier
) -> _Clips:
    """The clips, if they can be probed."""
    x = np.asarray(features, dtype=np.float64)
    y, source = np.asarray(labels, dtype=np.str_), np.asarray(groups, dtype=np.str_)
    if x.ndim != len(classifier.shape) or 0 in x.shape[1:]:
        raise InvalidRequestError(
            f"Expected features of shape [{', '.join(classifier.shape)}], got {list(x.shape)}"
        )
    if not len(x) == len(y) == len(source):
        raise InvalidRequestError(
            f"Expected one label and one group per clip, got {len(y)} labels and {len(source)} groups "
            f"for {len(x)} rows of features"
        )
    if folds < 2:
        raise InvalidRequestError(f"Expected `folds` >= 2, got {folds}")
    if FAILED in y:
        raise InvalidRequestError("Expected labels that are not empty, got an empty one")
    for name, values in (("label", y), ("source", source)):
        if len(np.unique(values)) < 2:
            raise InvalidRequestError(f"Expected at least two {name}s, got {len(np.unique(values))}")
    return _Clips(x, y, source)
