"""A picture of the clips in two dimensions, and how far to trust it. Nothing is computed from it."""

import numpy as np
from sklearn.manifold import TSNE, trustworthiness

from gama_operations.clustering_reduction import Matrix, standardise
from gama_operations.clustering_threads import threads_for

PERPLEXITY = 30
NEIGHBOURS = 10  # of trustworthiness


def place(features: Matrix, seed: int) -> tuple[Matrix, float]:
    """t-SNE of standardised unit rows: places [N, 2], and their trustworthiness in [0, 1]; N >= 3.

    Trustworthiness asks whether neighbours on the map are neighbours in the features (Venna and Kaski,
    ICANN 2001).
    """
    x = standardise(features)
    clips = len(x)
    model = TSNE(
        n_components=2,
        perplexity=min(PERPLEXITY, (clips - 1) / 3),
        init="pca" if x.shape[1] > 1 else "random",
        random_state=seed,
    )
    with threads_for(clips):
        places = np.asarray(model.fit_transform(x), dtype=np.float64)
    trusted = trustworthiness(x, places, n_neighbors=min(NEIGHBOURS, (clips - 1) // 2))
    return places, float(np.clip(trusted, 0, 1))
