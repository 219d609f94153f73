"""One clustering: standardise, reduce, find groups. Evidence repeats this whole chain, never a part of it."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import HDBSCAN, KMeans

from gama_operations.clustering_reduction import REDUCTIONS, Matrix, Reduction, standardise
from gama_operations.clustering_threads import threads_for

NOISE = -1
STARTS = 10  # of k-means, the best of which counts

Assignments = NDArray[np.int64]
"""Per clip [N]: its cluster, 0 the largest, or NOISE."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to cluster; the fields are those of the wire's ClusterData."""

    method: Literal["hdbscan", "kmeans"] = "hdbscan"
    reduction: Reduction = "spectral"
    dimensions: int = 10
    clusters: int | None = None
    min_cluster_size: int = 10
    min_samples: int = 3


def reduce(features: Matrix, recipe: Recipe, seed: int) -> Matrix:
    """The features [N, D] as the clustering sees them, [N, d]."""
    with threads_for(len(features)):
        return REDUCTIONS[recipe.reduction](standardise(features), recipe.dimensions, seed)


def assign(reduced: Matrix, recipe: Recipe, seed: int) -> Assignments:
    """The clusters of reduced features [N, d]; `seed` is of k-means, HDBSCAN draws nothing."""
    if recipe.method == "kmeans":
        count = min(recipe.clusters or 1, len(reduced))
        starts: Any = STARTS  # scikit-learn's stubs know only "auto"
        with threads_for(len(reduced)):
            found = KMeans(count, n_init=starts, random_state=seed).fit_predict(reduced)
    elif len(reduced) < max(recipe.min_cluster_size, recipe.min_samples):
        found = np.full(len(reduced), NOISE)  # HDBSCAN itself would refuse
    else:
        copy: Any = True  # the stubs know only a warning's text
        model = HDBSCAN(min_cluster_size=recipe.min_cluster_size, min_samples=recipe.min_samples, copy=copy)
        with threads_for(len(reduced)):
            found = model.fit_predict(reduced)
    return by_size(np.asarray(found, dtype=np.int64))


def fit(features: Matrix, recipe: Recipe, seed: int) -> Assignments:
    """The clusters of features [N, D]."""
    return assign(reduce(features, recipe, seed), recipe, seed)


def by_size(found: Assignments) -> Assignments:
    """The same clusters, renumbered: 0 is the largest; of equal ones the one whose clip comes first."""
    names, first, sizes = np.unique(found[found != NOISE], return_index=True, return_counts=True)
    order = names[np.lexsort((first, -sizes))]
    renumbered = np.full(len(found), NOISE, dtype=np.int64)
    for number, name in enumerate(order):
        renumbered[found == name] = number
    return renumbered
