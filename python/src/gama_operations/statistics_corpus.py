"""Interval and test by source for metrics that are no mean of clips: each time the whole metric anew."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gama_operations.protocol import Interval
from gama_operations.statistics_bootstrap import cluster_bootstrap
from gama_operations.statistics_flips import (
    Check,
    Counted,
    fair_coins,
    nobody_cancels,
    nobody_watches,
)
from gama_operations.statistics_metrics import PairedMetric
from gama_operations.statistics_sources import Vector, t_tail

ROWS = 128
"""Resamples at once: of mean average precision, [ROWS, 2 clips] stays inside the processor's cache."""
Bits = NDArray[np.uint8]
_ENUMERATED_SOURCES = 13  # 2^13 swaps are fewer than are drawn
_TIE = 2.0**-36  # values lie on a grid of 2^-40


def score_of(metric: PairedMetric, sources: int) -> tuple[float, float]:
    """The metric of both arms on all clips."""
    everything = np.ones((1, sources))
    return float(metric.values(everything, None)[0]), float(metric.values(None, everything)[0])


def left_out_differences(
    metric: PairedMetric, sources: int, *, check: Check = nobody_cancels, progress: Counted = nobody_watches
) -> Vector:
    """[G] a - b without the clips of one source each."""
    found: list[Vector] = []
    for start in range(0, sources, ROWS):
        check()
        weights = np.ones((min(ROWS, sources - start), sources))
        weights[np.arange(len(weights)), start + np.arange(len(weights))] = 0
        found.append(metric.values(weights, None) - metric.values(None, weights))
        progress(start + len(weights), sources)
    return np.concatenate(found)


def swap_test(
    metric: PairedMetric,
    sources: int,
    *,
    permutations: int,
    seed: int,
    check: Check = nobody_cancels,
    progress: Counted = nobody_watches,
) -> tuple[float, str]:
    """Two-sided p: whole sources change arms, the metric is computed again, as in `sign_flip_test`."""
    a, b = score_of(metric, sources)
    reached = abs(a - b) - _TIE
    exact = sources <= _ENUMERATED_SOURCES
    hits = done = 0
    for bits in _all_swaps(sources) if exact else _few_rows(fair_coins(sources, permutations, seed)):
        check()
        swapped = bits.astype(np.float64)
        kept = 1 - swapped
        hits += int((np.abs(metric.values(kept, swapped) - metric.values(swapped, kept)) >= reached).sum())
        done += len(bits)
        progress(done, 2**sources if exact else permutations)
    p_value = hits / done if exact else (1 + hits) / (1 + done)
    how = f"exact, 2^{sources} swaps" if exact else f"Monte-Carlo, {permutations} swaps"
    return p_value, f"whole sources change arms, two-sided ({how})"


def bootstrap_of(
    metric: PairedMetric,
    sources: int,
    *,
    level: float,
    resamples: int,
    seed: int,
    check: Check = nobody_cancels,
    progress: Counted = nobody_watches,
) -> Interval:
    """Cluster bootstrap of a - b."""
    return cluster_bootstrap(
        lambda weights: metric.values(weights, None) - metric.values(None, weights),
        sources,
        level=level,
        resamples=resamples,
        seed=seed,
        rows=ROWS,
        check=check,
        progress=progress,
    )


def t_test(difference: float, error: float, sources: int) -> tuple[float, str]:
    """Two-sided p of the jackknife's t: for arms that cannot be exchanged (clusters have no names)."""
    p_value = 2 * t_tail(abs(difference) / error, sources)
    return p_value, f"cluster jackknife, t({sources - 1}), two-sided"


def _all_swaps(sources: int) -> Iterator[Bits]:
    every = ((np.arange(2**sources)[:, None] >> np.arange(sources)) & 1).astype(np.uint8)
    yield from _few_rows(iter([every]))


def _few_rows(batches: Iterator[Bits]) -> Iterator[Bits]:
    for batch in batches:
        for start in range(0, len(batch), ROWS):
            yield batch[start : start + ROWS]
