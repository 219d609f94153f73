"""Folds for probes: no source in two of them, labels balanced where possible."""

import warnings

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold


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
