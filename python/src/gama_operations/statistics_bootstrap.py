"""Bootstrap intervals: whole sources drawn anew, or single clips where each source has one.

The cluster bootstrap stands beside the jackknife, never in its place. Its plain percentiles are too narrow
with few sources (simulated, 95 %: they cover 92 to 94 % for 20 to 50 sources), so they are expanded by the
ratio of Student's quantile and the small-sample factor to the normal one: alpha' = Phi(-sqrt(G / (G - 1))
t(1 - alpha / 2, G - 1)) (Hesterberg, "What teachers should know about the bootstrap", The American
Statistician 69, 2015).
"""

import math
import warnings
from collections.abc import Callable, Iterator

import numpy as np
from scipy import stats

from gama_operations.protocol import Interval
from gama_operations.statistics_flips import Check, Counted, nobody_cancels, nobody_watches
from gama_operations.statistics_sources import Vector, t_quantile

_BATCH_BYTES = 16_000_000


def drawn_sources(sources: int, resamples: int, seed: int, rows: int | None = None) -> Iterator[Vector]:
    """[rows, G] how often each source is drawn, with replacement; `resamples` rows in all."""
    rng = np.random.default_rng(seed)
    rows = rows or max(1, _BATCH_BYTES // (8 * sources))
    for start in range(0, resamples, rows):
        here = min(rows, resamples - start)
        chosen = rng.integers(0, sources, (here, sources)) + sources * np.arange(here)[:, None]
        counts = np.bincount(chosen.ravel(), minlength=here * sources)
        yield counts.reshape(here, sources).astype(np.float64)


def expanded_percentiles(values: Vector, sources: int, level: float) -> Interval:
    """The interval between percentiles of resampled values, wider for few sources."""
    quantile = t_quantile((1 + level) / 2, sources)
    tail = float(stats.norm.cdf(-math.sqrt(sources / (sources - 1)) * quantile))
    low, high = np.quantile(values, (tail, 1 - tail)).tolist()
    return Interval(low=low, high=high, level=level, method="cluster bootstrap, expanded percentiles")


def cluster_bootstrap(
    statistic: Callable[[Vector], Vector],
    sources: int,
    *,
    level: float,
    resamples: int,
    seed: int,
    rows: int | None = None,
    check: Check = nobody_cancels,
    progress: Counted = nobody_watches,
) -> Interval:
    """Interval of a statistic of weighted sources.

    Args:
        statistic: [rows, G] weights to [rows] values, for example a difference of two means.
        sources: G.
        level: for example 0.95.
        resamples: drawn.
        seed: of the draws.
        rows: at once; without it as many as fit into a few megabytes.
        check: called between batches; raises when the caller gave up.
        progress: resamples done, and all.
    """
    values: list[Vector] = []
    for weights in drawn_sources(sources, resamples, seed, rows):
        check()
        values.append(statistic(weights))
        progress(sum(map(len, values)), resamples)
    return expanded_percentiles(np.concatenate(values), sources, level)


def bca_interval(
    difference: Vector, *, level: float, resamples: int, seed: int
) -> tuple[Interval | None, str | None]:
    """BCa bootstrap of a mean by clip, or None and the reason: for clips that are their own sources.

    Efron, "Better bootstrap confidence intervals", Journal of the American Statistical Association 82, 1987.
    """
    if np.ptp(difference) == 0:
        return None, f"no interval: the difference is the same in all {len(difference)} clips, nothing varies"
    with warnings.catch_warnings():
        # all draws on one side of the estimate: told below
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        found = stats.bootstrap(
            (difference,),
            np.mean,
            n_resamples=resamples,
            batch=max(1, _BATCH_BYTES // (8 * len(difference))),
            vectorized=True,
            confidence_level=level,
            method="BCa",
            rng=np.random.default_rng(seed),
        ).confidence_interval
    low, high = float(found.low), float(found.high)
    if not (math.isfinite(low) and math.isfinite(high)):
        return None, "no interval: too few clips differ for a BCa interval"
    return Interval(low=low, high=high, level=level, method="BCa bootstrap by clip"), None
