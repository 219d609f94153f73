"""UMAP beside our reductions, for `benchmarks/clusters.ts`: one line of JSON on standard output.

`python umap_rows.py JOB.json`; the job names features (.npy) and labels per model. Where umap-learn cannot be
imported the answer is `{"rows": null}`. umap-learn is no dependency of grym-synth.
"""

import json
import sys
import time
import warnings

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from gama_operations.clustering_fit import NOISE, Recipe, assign
from gama_operations.clustering_reduction import standardise
from gama_operations.clustering_stability import agreement

DRAWS = 10


def main(path: str) -> None:
    """Print the rows."""
    began = time.perf_counter()
    try:
        import umap
    except ImportError:
        sys.stdout.write(json.dumps({"rows": None}))
        return
    loading = time.perf_counter() - began
    warnings.filterwarnings("ignore", module="umap")  # it says that a seed costs parallelism

    def reduce(features: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
        model = umap.UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=seed)
        return np.asarray(model.fit_transform(standardise(features)), dtype=np.float64)

    with open(path, encoding="utf-8") as file:  # noqa: PTH123 # a script of one page
        job = json.load(file)
    rows, first = [], None
    for model, entry in job.items():
        features = np.load(entry["features"]).astype(np.float64)
        began = time.perf_counter()
        reduced = reduce(features, 0)
        seconds = time.perf_counter() - began
        first = loading + seconds if first is None else first
        rng = np.random.default_rng(0)
        draws = [np.unique(rng.integers(len(features), size=len(features))) for _ in range(DRAWS)]
        of_draws = [reduce(features[draw], seed) for seed, draw in enumerate(draws, start=1)]
        of_seeds = [reduce(features, seed) for seed in (1, 2)]
        for method in ("hdbscan", "kmeans"):
            recipe = Recipe(method=method, clusters=entry["classes"] if method == "kmeans" else None)
            found = assign(reduced, recipe, 0)
            rows.append(
                {
                    "model": model,
                    "reduction": "umap",
                    "method": method,
                    "clusters": int(found.max()) + 1,
                    "noise": float((found == NOISE).mean()),
                    "ami": float(adjusted_mutual_info_score(entry["labels"], found)),
                    "ari": float(adjusted_rand_score(entry["labels"], found)),
                    "seeds": float(
                        np.mean([agreement(found, assign(z, recipe, s + 1)) for s, z in enumerate(of_seeds)])
                    ),
                    "bootstrap": float(
                        np.mean(
                            [
                                agreement(found[draw], assign(z, recipe, s + 1))
                                for s, (draw, z) in enumerate(zip(draws, of_draws, strict=True))
                            ]
                        )
                    ),
                    "seconds": seconds,
                }
            )
    sys.stdout.write(json.dumps({"rows": rows, "first": first, "version": umap.__version__}))


if __name__ == "__main__":
    main(sys.argv[1])
