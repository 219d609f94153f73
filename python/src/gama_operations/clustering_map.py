"""A picture of the clips in two dimensions, and how far to trust it. Nothing is computed from it."""

import numpy as np
from sklearn.manifold import TSNE, trustworthiness

from gama_operations.clustering_reduction import Matrix, standardise
from gama_operations.clustering_threads import threads_for

PERPLEXITY = 30
NEIGHBOURS = 10  # of trustworthiness
MAP_CLIPS = 2000
"""Most clips on a map: more take minutes that nobody can cancel, and are a blot."""


def place(features: Matrix, seed: int) -> tuple[list[list[float] | None], float]:
    """t-SNE of standardised unit rows [N, D]: N places [x, y], and their trustworthiness in [0, 1]; N >= 3.

    Of more than MAP_CLIPS clips as many are drawn at random; the others have no place. Trustworthiness asks
    whether neighbours on the map are neighbours in the features (Venna and Kaski, ICANN 2001).
    """
    shown = np.arange(len(features))
    if len(features) > MAP_CLIPS:
        shown = np.sort(np.random.default_rng(seed).choice(len(features), MAP_CLIPS, replace=False))
    x = standardise(features)[shown]
    clips = len(x)
    model = TSNE(
        n_components=2,
        perplexity=min(PERPLEXITY, (clips - 1) / 3),
        init="pca" if x.shape[1] > 1 else "random",
        random_state=seed,
    )
    with threads_for(clips):
        drawn = np.asarray(model.fit_transform(x), dtype=np.float64)
    trusted = trustworthiness(x, drawn, n_neighbors=min(NEIGHBOURS, (clips - 1) // 2))
    places: list[list[float] | None] = [None] * len(features)
    for index, point in zip(shown.tolist(), drawn.tolist(), strict=True):
        places[index] = point
    return places, float(np.clip(trusted, 0, 1))
