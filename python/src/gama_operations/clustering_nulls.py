"""Features without structure, made of the features: what clusters would they show by chance?

Clips of one source are alike without any cluster. So sources keep their likeness in a null: the mean of a
source and what its clips add to it are drawn apart. Without sources each clip is one of its own.
Shapes: N clips, D features, S sources.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
    """[N, D]: each column keeps its values, and loses what it had to do with the others."""
    return rng.permuted(parts.means, axis=0)[parts.source] + rng.permuted(parts.own, axis=0)


def gaussian(parts: Parts, rng: np.random.Generator) -> Matrix:
    """[N, D]: Gaussian noise with the features' own covariance, between sources and within: one blob."""
    sizes = np.bincount(parts.source)
    between = (parts.means - sizes @ parts.means / sizes.sum()) * np.sqrt(sizes / sizes.sum())[:, None]
    within = parts.own / np.sqrt(len(parts.own))
    # weights drawn for the rows of a centred matrix give the covariance of those rows
    of_source = rng.standard_normal((len(between), len(between))) @ between
    if not within.any():
        return of_source[parts.source]
    return of_source[parts.source] + rng.standard_normal((len(within), len(within))) @ within


NULLS: dict[str, Callable[[Parts, np.random.Generator], Matrix]] = {
    "permuted_columns": permuted_columns,
    "gaussian": gaussian,
}
