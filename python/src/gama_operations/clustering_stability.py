"""Do the same clusters come out again, and more so than of features without structure?

HDBSCAN finds dozens of clusters in noise: their number proves nothing. What noise cannot do is give the same
ones again when clips are drawn anew. A blob whose columns are correlated can, somewhat; so the features are
held against both kinds of null, each clustered by the same recipe on draws of the same kind.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from gama_operations.clustering_fit import NOISE, Assignments, Recipe, fit
from gama_operations.clustering_nulls import NULLS, Parts
from gama_operations.clustering_reduction import Matrix
from gama_operations.clustering_watch import Watch
from gama_operations.protocol import ClusterStability
from gama_operations.statistics_sources import MIN_SOURCES

LEVEL = 0.05
# What stability has to be above the median null's: a difference that matters, however small its p.
MARGIN = 0.1
OTHER_SEEDS = 5


@dataclass(frozen=True, slots=True)
class Evidence:
    """How stability is measured."""

    draws: int = 10
    nulls: int = 19
    seed: int = 0
    groups: NDArray[np.str_] | None = None
    """Source of each clip [N]; see `sources`."""
    watch: Watch = field(default_factory=Watch)

    @property
    def sources(self) -> NDArray[np.str_] | None:
        """Sources that are drawn whole and keep their likeness in nulls; None below MIN_SOURCES of them.

        With so few, drawing them anew says little, and a null would consist of them.
        """
        return None if self.groups is None or self.few_sources else self.groups

    @property
    def few_sources(self) -> int:
        """How many sources there are, where that is too few; else 0."""
        sources = 0 if self.groups is None else len(np.unique(self.groups))
        return sources if sources < MIN_SOURCES else 0


def agreement(one: Assignments, other: Assignments) -> float:
    """Adjusted Rand index of two clusterings of the same clips, in which a noise clip is alone.

    The index counts pairs that are together in both. Noise clips are not together: taken as one class, two
    clusterings that are mostly noise would agree about nothing and yet be alike. Fewer than two clusters in
    either: 0.
    """
    if min(one.max(initial=NOISE), other.max(initial=NOISE)) < 1:
        return 0.0
    return float(adjusted_rand_score(_alone(one), _alone(other)))


def _alone(found: Assignments) -> Assignments:
    return np.where(found == NOISE, -1 - np.arange(len(found)), found)


def bootstrap_agreements(
    features: Matrix, found: Assignments, recipe: Recipe, evidence: Evidence, rng: np.random.Generator
) -> Iterator[float]:
    """Agreement of `found` [N] with the clustering of each bootstrap draw, on the clips that were drawn.

    A clip or source that is drawn twice counts once: copies would be clusters of their own.
    """
    for clips in _draws(len(features), evidence, rng):
        yield agreement(found[clips], fit(features[clips], recipe, int(rng.integers(2**31))))


def _draws(clips: int, evidence: Evidence, rng: np.random.Generator) -> Iterator[NDArray[np.intp]]:
    if evidence.sources is None:
        source = np.arange(clips)
    else:
        source = np.unique(evidence.sources, return_inverse=True)[1]
    count = int(source.max()) + 1
    for _ in range(evidence.draws):
        yield np.flatnonzero(np.isin(source, rng.integers(count, size=count)))


def stability(features: Matrix, found: Assignments, recipe: Recipe, evidence: Evidence) -> ClusterStability:
    """The evidence for a clustering `found` [N] of features [N, D], and the verdict."""
    rng = np.random.default_rng(evidence.seed)
    sets = 1 + len(NULLS) * evidence.nulls

    def bootstrap(features: Matrix, found: Assignments, done: int) -> float:
        total = 0.0
        for draw, value in enumerate(bootstrap_agreements(features, found, recipe, evidence, rng), start=1):
            evidence.watch.progress(
                "evidence", done * evidence.draws + draw, sets * evidence.draws, "bootstrap draws"
            )
            evidence.watch.check()
            total += value / evidence.draws
        return total

    observed = bootstrap(features, found, 0)
    seeds = 0.0
    for other in range(1, OTHER_SEEDS + 1):
        evidence.watch.check()
        seeds += agreement(found, fit(features, recipe, evidence.seed + other)) / OTHER_SEEDS
    parts = Parts.of(features, evidence.sources)
    of_null: dict[str, list[float]] = {name: [] for name in NULLS}
    done = 1
    for _ in range(evidence.nulls):
        for name, draw in NULLS.items():
            null = draw(parts, rng)
            of_null[name].append(bootstrap(null, fit(null, recipe, evidence.seed), done))
            done += 1
    judged = _judge(observed, seeds, of_null, int(found.max(initial=NOISE)) + 1)
    if not evidence.few_sources:
        return judged
    warning = (
        f" Clips were drawn, not sources: {evidence.few_sources} are too few (at least {MIN_SOURCES} are "
        "needed), and the clusters may be the sources."
    )
    return replace(judged, reason=judged.reason + warning)


def _judge(observed: float, seeds: float, of_null: dict[str, list[float]], clusters: int) -> ClusterStability:
    permuted, gaussian = of_null["permuted_columns"], of_null["gaussian"]
    nulls = len(permuted)
    p_values = [
        (1 + sum(value >= observed for value in values)) / (1 + nulls) for values in (permuted, gaussian)
    ]
    p_value = max(p_values)
    medians = [float(np.median(values)) for values in (permuted, gaussian)]
    beside = (
        f"bootstrap stability {observed:.2f} against {medians[0]:.2f} with columns permuted and "
        f"{medians[1]:.2f} for a Gaussian blob of the same covariance (medians of {nulls}), p = {p_value:.2g}"
    )
    if clusters < 2:
        reason = f"No structure: {clusters} cluster(s) found."
    elif nulls < 1 / LEVEL - 1:
        reason = f"Not shown: {nulls} null data sets cannot give p <= {LEVEL}; ask for 19 or more. {beside}"
    elif p_value > LEVEL:
        reason = f"Not more stable than features without structure: {beside}."
    elif observed - max(medians) < MARGIN:
        reason = f"More stable than features without structure, but by less than {MARGIN}: {beside}."
    else:
        reason = f"More stable than features without structure: {beside}."
        return ClusterStability(observed, seeds, permuted, gaussian, p_value, "structure", reason)
    return ClusterStability(observed, seeds, permuted, gaussian, p_value, "no structure", reason)
