"""Fewer dimensions before clustering: spectral (a diffusion map), principal components, or none.

Shapes: N clips, D features, d dimensions kept.
"""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import ArpackError, eigsh
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize

Matrix = NDArray[np.float64]
Reduction = Literal["spectral", "pca", "none"]
Reduce = Callable[[Matrix, int, int], Matrix]

ROUNDING = 1e-6  # features come as float32
OUTLIER = 5.0
NEIGHBOURS = 9  # of each clip in the graph
# Steps of the random walk: what it forgets on the way (differences inside a cluster) shrinks.
STEPS = 4
# HDBSCAN knows no scale, and would divide a cluster whose clips the walk cannot tell apart; below the grain
# nothing is told apart. In units of the map, where the clips of one column have variance 1 or less.
GRAIN = 0.02
# Below this many clips all eigenvectors at once are as fast as the few that are asked for.
DENSE_CLIPS = 300
TOLERANCE = 1e-6  # of eigenvalues that are at most 1


def standardise(features: Matrix) -> Matrix:
    """Each column to mean 0 and variance 1, then each clip to length 1: [N, D], and so is the result.

    A column that varies by rounding alone becomes 0: standardised, it would make clusters of rounding errors.
    A value counts as OUTLIER standard deviations at most: a spike that one clip has in one column would else
    be all that there is of the clip.
    """
    mean, spread = features.mean(axis=0), features.std(axis=0)
    varies = spread > ROUNDING * np.maximum(np.abs(mean), np.median(spread))
    scaled = np.where(varies, features - mean, 0) / np.where(varies, spread, 1)
    return np.asarray(normalize(np.clip(scaled, -OUTLIER, OUTLIER)))


def spectral(x: Matrix, dimensions: int, seed: int) -> Matrix:
    """Diffusion map of the graph of nearest neighbours (Coifman and Lafon, ACHA 21, 2006), with a grain.

    Eigenvectors of the random walk on the graph, as scikit-learn's SpectralEmbedding has them, but each one
    weighed by its eigenvalue to the power of STEPS: planted clusters came back whole with that, and in pieces
    without. The graph is made connected first: of one in parts the first eigenvectors may be mixed at will.

    Returns:
        [N, d], d = min(dimensions, N - 2).
    """
    kept = min(dimensions, len(x) - 2)
    if kept < 1:
        return x
    graph = _connected(_neighbour_graph(x), x)
    degree = np.asarray(graph.sum(axis=1)).ravel()
    scale = 1 / np.sqrt(degree)
    walk = sparse.diags_array(scale) @ graph @ sparse.diags_array(scale)
    values, vectors = _largest(walk, kept + 1, seed)
    # the first is the same for all clips; the second sets the unit
    weights = (np.clip(values[1:], 0, None) / max(values[1], TOLERANCE)) ** STEPS
    places = vectors[:, 1:] * scale[:, None] * np.sqrt(degree.sum()) * weights
    return places + GRAIN * np.random.default_rng(seed).standard_normal(places.shape)


def _neighbour_graph(x: Matrix) -> Any:
    """Weights [N, N], sparse: 1 where two clips are both among each other's nearest, 1/2 where one is."""
    count = min(NEIGHBOURS, len(x) - 1)
    nearest = np.asarray(NearestNeighbors(n_neighbors=count, algorithm="brute").fit(x).kneighbors()[1])
    rows = np.repeat(np.arange(len(x)), count)
    weights = np.full(len(rows), 0.5)
    directed = sparse.csr_array((weights, (rows, nearest.ravel())), shape=(len(x), len(x)))
    return directed + directed.T


def _connected(graph: Any, x: Matrix) -> Any:
    """The graph with its parts joined, one after the other, by the two clips of them that are nearest."""
    parts, part = connected_components(graph, directed=False)
    if parts == 1:
        return graph
    joined = sparse.lil_array(graph)
    for _ in range(parts - 1):
        # the part that holds the first clip grows to its nearest neighbour outside
        inside, outside = np.flatnonzero(part == part[0]), np.flatnonzero(part != part[0])
        distance, nearest = (
            NearestNeighbors(n_neighbors=1, algorithm="brute").fit(x[outside]).kneighbors(x[inside])
        )
        closest = int(np.asarray(distance).argmin())
        one, other = inside[closest], outside[int(np.asarray(nearest)[closest, 0])]
        joined[one, other] = joined[other, one] = 0.5
        part[part == part[other]] = part[0]
    return sparse.csr_array(joined)


def _largest(matrix: Any, count: int, seed: int) -> tuple[Matrix, Matrix]:
    """The largest eigenvalues [count] of a sparse symmetric matrix, largest first, and their vectors."""
    clips = matrix.shape[0]
    if clips >= max(DENSE_CLIPS, 4 * count):
        start = np.random.default_rng(seed).uniform(-1, 1, clips)
        try:
            tolerance: Any = TOLERANCE  # the stubs know only 0
            values, vectors = eigsh(matrix, count, which="LA", v0=start, tol=tolerance)
            order = np.argsort(-values, kind="stable")
            return values[order], np.asarray(vectors[:, order])
        except ArpackError:  # eigenvalues too close to each other: many clusters that barely touch
            pass
    values, vectors = linalg.eigh(matrix.toarray(), subset_by_index=(clips - count, clips - 1))
    return np.asarray(values[::-1]), np.asarray(vectors[:, ::-1])


def _principal(x: Matrix, dimensions: int, seed: int) -> Matrix:
    kept = min(dimensions, *x.shape)
    return np.asarray(PCA(kept, svd_solver="full", random_state=seed).fit_transform(x))


def _unchanged(x: Matrix, _dimensions: int, _seed: int) -> Matrix:
    return x


REDUCTIONS: dict[Reduction, Reduce] = {"spectral": spectral, "pca": _principal, "none": _unchanged}
"""(unit rows [N, D], dimensions, seed) -> [N, d]"""
