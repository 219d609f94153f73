"""Clusters of clips, and whether to believe them.

A clustering algorithm always finds something. So its result comes with evidence: stability against features
without structure (a verdict), agreement with known classes against permuted ones, and a map to look at.
Everything is seeded; labels never enter the clustering. Shapes: N clips, D features.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
import sklearn
from numpy.typing import NDArray

from gama_operations.clustering_agreement import label_agreement
from gama_operations.clustering_fit import NOISE, STARTS, Recipe, assign, reduce
from gama_operations.clustering_map import MAP_CLIPS, place
from gama_operations.clustering_reduction import GRAIN, NEIGHBOURS, OUTLIER, ROUNDING, STEPS, standardise
from gama_operations.clustering_stability import Evidence, stability
from gama_operations.clustering_watch import Watch
from gama_operations.errors import InvalidRequestError
from gama_operations.protocol import ClusterAgreement, ClusterStability

MIN_CLIPS = 3


@dataclass(frozen=True, slots=True)
class ClusterOutcome:
    """What was found; field by field what the wire's ClusterResult says."""

    assignments: list[int | None]
    clusters: int
    sizes: list[int]
    noise_share: float
    left_out: int
    map: list[list[float] | None] | None
    trustworthiness: float | None
    agreement: ClusterAgreement | None
    stability: ClusterStability | None
    settings: str


@dataclass(frozen=True, slots=True)
class _Clips:
    """The clips that have features, and which of all they are."""

    x: NDArray[np.float64]
    labels: NDArray[np.str_] | None
    groups: NDArray[np.str_] | None
    usable: NDArray[np.bool_]

    def spread(self, values: Sequence[Any]) -> list[Any]:
        """One value per clip that has features -> one per clip, None for the others."""
        each = iter(values)
        return [next(each) if usable else None for usable in self.usable]


def cluster(
    features: NDArray[Any],
    recipe: Recipe,
    *,
    labels: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
    show_map: bool = True,
    draws: int = 10,
    nulls: int | None = 19,
    seed: int = 0,
    watch: Watch | None = None,
) -> ClusterOutcome:
    """Cluster the rows of `features`.

    Args:
        features: [N, D]; rows with NaN or infinity are left out.
        recipe: reduction and method.
        labels: known classes, for the agreement only.
        groups: the source of each clip: labels are permuted by it; from 10 sources on, draws take whole
            sources, and null data sets keep what clips of a source have in common.
        show_map: also place the clips in two dimensions; of more than MAP_CLIPS as many, drawn at random.
        draws: bootstrap draws per stability.
        nulls: null data sets of each kind; None: no evidence.
        seed: of everything.
        watch: the caller's side.

    Raises:
        InvalidRequestError: lengths that differ, fewer than 3 clips with features, clips that are all the
            same up to rounding, k-means without k or with more clusters than clips that differ.
    """
    watch = watch or Watch()
    clips = _clips(features, labels, groups)
    _refuse_impossible(clips.x, recipe)
    watch.progress("reduce", 0, 2, "")
    with watch.phase("reduce"):
        reduced = reduce(clips.x, recipe, seed)
    watch.check()
    watch.progress("cluster", 1, 2, "")
    with watch.phase("cluster"):
        found = assign(reduced, recipe, seed)
        agreement = None
        if clips.labels is not None and len(set(clips.labels)) > 1:
            agreement = label_agreement(found, clips.labels, clips.groups, seed, watch=watch)
    watch.progress("cluster", 2, 2, "")
    evidence = Evidence(draws, nulls or 0, seed, clips.groups, watch)
    judged = None
    if nulls is not None:
        with watch.phase("evidence"):
            judged = stability(clips.x, found, recipe, evidence)
    places = trusted = None
    if show_map:
        watch.check()
        watch.progress("map", 0, 1, "")
        with watch.phase("map"):
            placed, trusted = place(clips.x, seed)
        places = clips.spread(placed)
        watch.progress("map", 1, 1, "")
    return ClusterOutcome(
        assignments=clips.spread(found.tolist()),
        clusters=int(found.max()) + 1,
        sizes=np.bincount(found[found != NOISE]).tolist(),
        noise_share=float((found == NOISE).mean()),
        left_out=int((~clips.usable).sum()),
        map=places,
        trustworthiness=trusted,
        agreement=agreement,
        stability=judged,
        settings=_describe(
            recipe,
            clips.x.shape[1],
            evidence,
            seed,
            judged=nulls is not None,
            mapped_in_part=show_map and len(clips.x) > MAP_CLIPS,
        ),
    )


def _clips(features: NDArray[Any], labels: Sequence[str] | None, groups: Sequence[str] | None) -> _Clips:
    x = np.asarray(features, dtype=np.float64)
    if x.ndim != 2 or x.shape[1] == 0:
        raise InvalidRequestError(f"Expected features of shape [clips, features], got {list(x.shape)}")
    for name, values in (("label", labels), ("group", groups)):
        if values is not None and len(values) != len(x):
            raise InvalidRequestError(
                f"Expected one {name} per clip, got {len(values)} {name}s for {len(x)} rows of features"
            )
    usable = np.asarray(np.isfinite(x).all(axis=1), dtype=np.bool_)

    def of_usable(values: Sequence[str] | None) -> NDArray[np.str_] | None:
        return None if values is None else np.asarray(values, dtype=np.str_)[usable]

    return _Clips(x[usable], of_usable(labels), of_usable(groups), usable)


def _refuse_impossible(x: NDArray[np.float64], recipe: Recipe) -> None:
    if len(x) < MIN_CLIPS:
        raise InvalidRequestError(f"Expected at least {MIN_CLIPS} clips with features, got {len(x)}")
    with np.errstate(over="ignore"):
        spread = x.std(axis=0)
    if not np.isfinite(spread).all():
        raise InvalidRequestError("Features are too large: their squares overflow float64. Scale them down")
    if not standardise(x).any():
        raise InvalidRequestError(
            f"The features of all {len(x)} clips are the same (up to {ROUNDING:g} of their size): there is "
            "nothing to cluster"
        )
    if recipe.method == "kmeans":
        if recipe.clusters is None:
            raise InvalidRequestError("k-means needs `clusters`, the number of them")
        different = len(np.unique(x, axis=0))
        if recipe.clusters > different:
            raise InvalidRequestError(
                f"Expected at most as many `clusters` as clips that differ ({different}), "
                f"got {recipe.clusters}"
            )


def _describe(
    recipe: Recipe, width: int, evidence: Evidence, seed: int, *, judged: bool, mapped_in_part: bool
) -> str:
    reduction = {
        "spectral": f"diffusion map ({recipe.dimensions} dimensions, graph of {NEIGHBOURS} nearest "
        f"neighbours, {STEPS} steps, grain {GRAIN})",
        "pca": f"principal components (at most {recipe.dimensions})",
        "none": "no reduction",
    }[recipe.reduction]
    method = (
        f"k-means (k {recipe.clusters}, best of {STARTS} starts)"
        if recipe.method == "kmeans"
        else f"HDBSCAN (min_cluster_size {recipe.min_cluster_size}, min_samples {recipe.min_samples})"
    )
    drawn = "clips" if evidence.sources is None else "whole sources"
    mapped = f"; map of {MAP_CLIPS} clips drawn at random" if mapped_in_part else ""
    stated = (
        f"; {evidence.draws} bootstrap draws of {drawn}, {evidence.nulls} nulls of each kind"
        if judged
        else ""
    )
    return (
        f"{width} features, columns standardised (at most {OUTLIER:g} sd), clips scaled to length 1; "
        f"{reduction}; {method}{stated}{mapped}; "
        f"seed {seed}; scikit-learn {sklearn.__version__}, scipy {scipy.__version__}, numpy {np.__version__}"
    )
