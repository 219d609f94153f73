"""Folds for probes: no source in two of them, labels balanced where possible; or a benchmark's own."""

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

from gama_operations.errors import InvalidRequestError


def source_folds(
    labels: NDArray[np.str_], groups: NDArray[np.str_], folds: int, seed: int
) -> NDArray[np.int64]:
    """The fold [N] of each clip, from 0; as many folds as sources where there are fewer sources.

    StratifiedGroupKFold, and GroupKFold where that gives up (every class rarer than the folds) or leaves a
    fold empty.
    """
    count = min(folds, len(np.unique(groups)))
    fold = _assign(StratifiedGroupKFold(count, shuffle=True, random_state=seed), labels, groups)
    if fold is None or len(np.unique(fold)) < count:
        fold = _assign(GroupKFold(count, shuffle=True, random_state=seed), labels, groups)
    if fold is None:
        raise AssertionError("GroupKFold splits any clips of at least as many sources as folds")
    return fold


def given_folds(fold: Sequence[int], clips: int) -> NDArray[np.int64]:
    """Folds as a benchmark has them, checked: from 0, none empty, -1 for clips that only train.

    Raises:
        InvalidRequestError: they are not such folds, or one has all the clips.
    """
    given = np.asarray(fold, dtype=np.int64)
    if len(given) != clips:
        raise InvalidRequestError(f"Expected `fold` for each clip, got {len(given)} for {clips} clips")
    found = np.unique(given)
    expected = np.arange(found[-1] + 1)
    if found[-1] < 0 or not np.array_equal(found[found >= 0], expected) or found[0] < -1:
        raise InvalidRequestError(
            f"Expected `fold` to number folds from 0 without a gap (-1: trains only), got {found.tolist()}"
        )
    if len(found) == 1:
        raise InvalidRequestError("Expected `fold` to leave clips to train on, got one fold of all clips")
    return given


def _assign(
    splitter: StratifiedGroupKFold | GroupKFold, labels: NDArray[np.str_], groups: NDArray[np.str_]
) -> NDArray[np.int64] | None:
    fold = np.full(len(labels), -1, dtype=np.int64)
    try:
        with warnings.catch_warnings():
            # a class rarer than the folds is expected; the probe counts its clips
            warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
            for index, (_, test) in enumerate(splitter.split(labels, labels, groups)):
                fold[test] = index
    except ValueError:  # every class is rarer than the folds
        return None
    return fold
