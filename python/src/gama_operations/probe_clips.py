"""Labelled clips of sources, checked: what probes, few-shot probes and retrieval begin with.

Shapes: N clips, S layers or frames, D features.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gama_operations.errors import InvalidRequestError

FAILED = ""  # prediction for a clip without features

Features = NDArray[np.float64]
Labels = NDArray[np.str_]


def nothing() -> None:
    """The default check: nobody cancels."""


@dataclass(frozen=True, slots=True)
class Clips:
    """Features, labels and sources, row by row."""

    x: Features
    """[N, D], or [N, S, D] for classifiers that learn how to pool."""
    y: Labels
    source: Labels

    def __getitem__(self, rows: NDArray[np.bool_]) -> "Clips":
        return Clips(self.x[rows], self.y[rows], self.source[rows])


def probe_clips(
    features: NDArray[Any],
    labels: Sequence[str],
    groups: Sequence[str],
    folds: int = 2,
    shape: Sequence[str] = ("clips", "features"),
) -> Clips:
    """The clips, if they can be judged.

    Raises:
        InvalidRequestError: another shape, lengths that differ, one source or class only, fewer than 2 folds.
    """
    x = np.asarray(features, dtype=np.float64)
    y, source = np.asarray(labels, dtype=np.str_), np.asarray(groups, dtype=np.str_)
    if x.ndim != len(shape) or 0 in x.shape[1:]:
        raise InvalidRequestError(f"Expected features of shape [{', '.join(shape)}], got {list(x.shape)}")
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
    return Clips(x, y, source)
