"""Features without structure, made of the features: what clusters would they show by chance?

Clips of one source are alike without any cluster. So sources keep their likeness in a null: the mean of a
source and what its clips add to it are drawn apart. Without sources each clip is one of its own.
Shapes: N clips, D features, S sources.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from gama_operations.clustering_reduction import Matrix


@dataclass(frozen=True, slots=True)
class Parts:
    """Features = mean of the source + the clip's own part."""

    means: Matrix
    """[S, D]"""
    own: Matrix
    """[N, D]"""
    source: NDArray[np.intp]
    """[N], of 0..S-1"""

    @classmethod
    def of(cls, features: Matrix, groups: NDArray[np.str_] | None) -> "Parts":
        """Taken apart; without groups each clip is a source, and nothing is its own."""
        if groups is None:
            return cls(features, np.zeros_like(features), np.arange(len(features)))
        _, source, sizes = np.unique(groups, return_inverse=True, return_counts=True)
        means = np.zeros((len(sizes), features.shape[1]))
        np.add.at(means, source, features)
        means /= sizes[:, None]
        return cls(means, features - means[source], source)


def permuted_columns(parts: Parts, rng: np.random.Generator) -> Matrix:
    """[N, D]: each column keeps its values, and loses what it had to do with the others.

    What a clip adds to its source stays in that source: one whose clips are all alike is so in a null, too.
    """
    keys = parts.source[:, None] + rng.random(parts.own.shape)
    own = np.empty_like(parts.own)
    own[np.argsort(parts.source, kind="stable")] = np.take_along_axis(parts.own, keys.argsort(axis=0), axis=0)
    return rng.permuted(parts.means, axis=0)[parts.source] + own


def gaussian(parts: Parts, rng: np.random.Generator) -> Matrix:
    """[N, D]: Gaussian noise with the features' own covariance, between sources and within: one blob.

    Within a source the noise has the spread of its clips, and the covariance of all sources' clips.
    """
    sizes = np.bincount(parts.source)
    between = (parts.means - sizes @ parts.means / sizes.sum()) * np.sqrt(sizes / sizes.sum())[:, None]
    of_source = _like(between, len(between), rng)[parts.source]
    spread = np.sqrt(np.bincount(parts.source, (parts.own**2).sum(axis=1)) / sizes)[parts.source, None]
    if not spread.any():
        return of_source
    within = np.divide(parts.own, spread, out=np.zeros_like(parts.own), where=spread > 0)
    return of_source + spread * _like(within / np.sqrt((spread > 0).sum()), len(within), rng)


def _like(rows: Matrix, count: int, rng: np.random.Generator) -> Matrix:
    """[count, D]: Gaussian rows of mean 0 and covariance rows' @ rows."""
    if len(rows) > rows.shape[1]:  # the same by a root of D x D
        rows = np.asarray(linalg.qr(rows, mode="r")[0])[: rows.shape[1]]
    return rng.standard_normal((count, len(rows))) @ rows


NULLS: dict[str, Callable[[Parts, np.random.Generator], Matrix]] = {
    "permuted_columns": permuted_columns,
    "gaussian": gaussian,
}
"""(features in parts, generator) -> features without structure [N, D]"""
