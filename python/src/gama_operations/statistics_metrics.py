"""Corpus metrics of weighted sources: what a resample, a left-out source or a swap of arms needs.

A corpus metric is no mean of clips, so each resample computes it again. All but mean average precision
(`statistics_ranking`) come from tables that add up over sources: it is one product of weights and tables.
Shapes: B resamples, G sources, N clips, K classes, M columns of a table.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gama_operations.statistics_sources import Sources, Vector

GRID = 2.0**40
"""Sums of quotients over classes end in other last bits on other processors; no decision hangs on 2^-40."""


class PairedMetric(Protocol):
    """A metric of two arms over the same sources."""

    @property
    def swappable(self) -> bool:
        """Whether the arms' answers are of one kind, so that whole sources can change arms."""
        ...

    @property
    def resampled(self) -> bool:
        """Whether a source may be drawn twice."""
        ...

    @property
    def affordable(self) -> int:
        """Most resamples that are worth their time; the test and the interval say how many there were."""
        ...

    def values(self, a: Vector | None, b: Vector | None) -> Vector:
        """[B] the metric of arm a's clips with weights a [B, G] of their sources and of arm b's with b."""
        ...


@dataclass(frozen=True, slots=True)
class Additive:
    """A metric of tables that add up."""

    a: Vector
    """[G, M]"""
    b: Vector
    finish: Callable[[Vector], Vector]
    """[B, M] to [B]"""
    swappable: bool = True
    resampled: bool = True
    affordable: int = 1_000_000

    def values(self, a: Vector | None, b: Vector | None) -> Vector:
        """As `PairedMetric`."""
        parts = [weights @ table for weights, table in ((a, self.a), (b, self.b)) if weights is not None]
        found = self.finish(parts[0] if len(parts) == 1 else parts[0] + parts[1])
        return np.rint(found * GRID) / GRID


def ratio(sources: Sources, a: Vector, b: Vector, sizes: Vector | None = None) -> Additive:
    """Sum over sum: a mean outcome, or word errors over words (sizes)."""
    counts = sources.counts if sizes is None else sources.sums(sizes)
    tables = [np.stack((sources.sums(values), counts), axis=1) for values in (a, b)]
    return Additive(tables[0], tables[1], lambda sums: sums[:, 0] / sums[:, 1])


def macro_f1(sources: Sources, truth: Sequence[str], a: Sequence[str], b: Sequence[str]) -> Additive:
    """Macro-F1 over the classes that occur in the truth of the (re)sample.

    As scikit-learn's `f1_score(labels=classes of the truth, average="macro", zero_division=0)`: an answer
    that is no such class (unmapped, say) is a miss of the true class and not a class of its own.
    """
    classes, known = np.unique(np.asarray(truth), return_inverse=True)
    K = len(classes)

    def table(said: Sequence[str]) -> Vector:
        words = np.asarray(said)
        code = np.minimum(np.searchsorted(classes, words), K - 1)
        code = np.where(classes[code] == words, code, -1)
        right, answered = code == known, code >= 0
        tables = (
            sources.table(known[right], K, right),
            sources.table(known, K),
            sources.table(code[answered], K, answered),
        )
        return np.concatenate(tables, axis=1)

    def finish(sums: Vector) -> Vector:
        right, true, said = (sums[:, k * K : (k + 1) * K] for k in range(3))
        asked = true > 0
        f1 = np.where(asked, 2 * right / np.where(asked, true + said, 1), 0)
        return f1.sum(axis=1) / asked.sum(axis=1)

    return Additive(table(a), table(b), finish)


def v_measure(sources: Sources, labels: Sequence[str], a: Sequence[int], b: Sequence[int]) -> Additive:
    """V-measure of clusters with labels, as scikit-learn's `v_measure_score`."""
    return _clusterings(sources, labels, a, b, _v_of)


def adjusted_rand(sources: Sources, labels: Sequence[str], a: Sequence[int], b: Sequence[int]) -> Additive:
    """Adjusted Rand index of clusters with labels, as scikit-learn's `adjusted_rand_score`."""
    return _clusterings(sources, labels, a, b, _ari_of)


def adjusted_mutual_information(
    sources: Sources, labels: Sequence[str], a: Sequence[int], b: Sequence[int]
) -> Additive:
    """AMI of clusters with labels, by scikit-learn's `adjusted_mutual_info_score`, table by table."""
    return _clusterings(sources, labels, a, b, _ami_of)


def _clusterings(
    sources: Sources,
    labels: Sequence[str],
    a: Sequence[int],
    b: Sequence[int],
    of_table: Callable[[Vector], Vector],
) -> Additive:
    """Clusters have no names in common, so arms cannot be exchanged; and twins of a clip share its cluster,
    so that a resample with replacement agrees too well: leaving out sources is what remains.
    """
    known = np.unique(np.asarray(labels), return_inverse=True)[1]
    codes = [np.unique(np.asarray(found), return_inverse=True)[1] for found in (a, b)]
    shape = (int(known.max()) + 1, 1 + max(int(code.max()) for code in codes))

    def table(code: NDArray[np.intp]) -> Vector:
        return sources.table(known * shape[1] + code, shape[0] * shape[1])

    def finish(sums: Vector) -> Vector:
        return of_table(sums.reshape(-1, *shape))

    return Additive(table(codes[0]), table(codes[1]), finish, swappable=False, resampled=False)


def _entropy(counts: Vector) -> Vector:
    """[B] of counts [B, M], nats."""
    total = counts.sum(axis=1, keepdims=True)
    share = counts / total
    return -(share * np.log(np.where(share > 0, share, 1))).sum(axis=1)


def _v_of(tables: Vector) -> Vector:
    labels, clusters = _entropy(tables.sum(axis=2)), _entropy(tables.sum(axis=1))
    shared = labels + clusters - _entropy(tables.reshape(len(tables), -1))
    homogeneity = np.where(labels > 0, shared / np.where(labels > 0, labels, 1), 1)
    completeness = np.where(clusters > 0, shared / np.where(clusters > 0, clusters, 1), 1)
    both = homogeneity + completeness
    return np.where(both > 0, 2 * homogeneity * completeness / np.where(both > 0, both, 1), 0)


def _pairs(counts: Vector) -> Vector:
    return counts * (counts - 1) / 2


def _ari_of(tables: Vector) -> Vector:
    labels, clusters = _pairs(tables.sum(axis=2)).sum(axis=1), _pairs(tables.sum(axis=1)).sum(axis=1)
    together = _pairs(tables).sum(axis=(1, 2))
    by_chance = labels * clusters / _pairs(tables.sum(axis=(1, 2)))
    most = (labels + clusters) / 2
    return np.where(
        most == by_chance, 1, (together - by_chance) / np.where(most == by_chance, 1, most - by_chance)
    )


def _ami_of(tables: Vector) -> Vector:
    from sklearn.metrics import adjusted_mutual_info_score  # half a second that no other metric needs

    found = np.empty(len(tables))
    for row, table in enumerate(tables.astype(np.intp)):
        label, cluster = np.nonzero(table)
        times = table[label, cluster]
        found[row] = adjusted_mutual_info_score(np.repeat(label, times), np.repeat(cluster, times))
    return found
