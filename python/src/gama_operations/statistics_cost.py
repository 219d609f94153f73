"""What two arms cost: ratios of paired blocks or of processes, quantiles with intervals, drift.

Times multiply, so all is done on logarithms. Latency and throughput vary between blocks (ABBA: two slots of
each arm), which are paired: sign flips of block log ratios, Hodges and Lehmann's estimate, and its interval
by inverting the signed-rank test. First calls and peak memory vary between processes, hardly between calls;
more calls would be pseudo-replication. So there the processes count: exact two-sample permutation, and the
interval by inverting the rank-sum test (Hodges and Lehmann, Annals of Mathematical Statistics 34, 1963;
Hollander, Wolfe and Chicken, "Nonparametric statistical methods", 3rd ed., chapters 3 and 4).
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from gama_operations.errors import InvalidRequestError
from gama_operations.protocol import Interval
from gama_operations.statistics_flips import sign_flip_test
from gama_operations.statistics_sources import Numbers, Vector

_EXACT_BLOCKS = 20
"""2^20 flips are enumerated in a hundredth of a second."""
_MOST_SPLITS = 200_000
_GRID = 2.0**-40


@dataclass(frozen=True, slots=True)
class Ratio:
    """What arm a costs over arm b: 2 is twice as much."""

    ratio: float
    interval: Interval | None
    reason: str | None
    p_value: float
    test: str
    units: int
    """Blocks, or processes of both arms."""


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile of the calls of one arm."""

    at: float
    value: float
    low: float
    high: float | None
    """None where so few calls cannot bound it: the 95th percentile needs 59, the 99th 299 (at 95 %)."""
    calls: int


@dataclass(frozen=True, slots=True)
class Drift:
    """Change of the logarithm over the run: .05 is five percent from the first call to the last."""

    change: float
    low: float
    high: float


def ratio_of_blocks(logs: Numbers, level: float = 0.95) -> Ratio:
    """Ratio a / b from one log ratio per block.

    Raises:
        InvalidRequestError: no block, or a number that is not finite.
    """
    x = _finite(logs)
    walsh = np.sort(_walsh_averages(x))
    steps = np.rint(x / _GRID) * _GRID
    p_value, test = sign_flip_test(
        steps, unit=_GRID, clips=len(x), permutations=2 ** min(len(x), _EXACT_BLOCKS)
    )
    # W+ <= k - 1 has at most half of what the level leaves: the k-th average from either end
    k = _rank(_signed_rank_cdf(len(x)), level)
    interval, reason = _between(walsh, k, level, "Hodges-Lehmann, signed ranks", f"{len(x)} block(s)")
    return Ratio(
        math.exp(float(np.median(walsh))),
        interval,
        reason,
        p_value,
        test.replace("whole sources", "blocks"),
        len(x),
    )


def ratio_of_processes(a: Numbers, b: Numbers, level: float = 0.95) -> Ratio:
    """Ratio a / b from one logarithm per process of each arm.

    Raises:
        InvalidRequestError: an arm without a process, or a number that is not finite.
    """
    x, y = _finite(a), _finite(b)
    shifts = np.sort(np.subtract.outer(x, y).ravel())
    splits = math.comb(len(x) + len(y), len(x))
    exact = splits <= _MOST_SPLITS
    how = f"exact, {splits} splits" if exact else "Monte-Carlo, 9999 splits"
    k = _rank(_rank_sum_cdf(len(x), len(y)), level)
    units = len(x) + len(y)
    interval, reason = _between(shifts, k, level, "Hodges-Lehmann, rank sums", f"{units} processes")
    test = f"processes change arms, two-sided ({how})"
    p_value = _permutation_p(x, y, _MOST_SPLITS if exact else 9999)
    return Ratio(math.exp(float(np.median(shifts))), interval, reason, p_value, test, units)


def _permutation_p(x: Vector, y: Vector, resamples: int) -> float:
    """Share of the splits whose means are at least as far apart."""

    def shift(u: Vector, v: Vector, axis: int) -> Vector:
        return np.rint(np.abs(u.mean(axis=axis) - v.mean(axis=axis)) / _GRID)  # so that ties are ties

    if min(len(x), len(y)) == 1:  # which scipy refuses: each value may be the one that is alone
        pool = np.concatenate((x, y))
        others = np.array([np.delete(pool, place) for place in range(len(pool))])
        apart = shift(pool[:, None], others, axis=1)
        return float(np.mean(apart >= shift(x, y, axis=0)))
    found = stats.permutation_test(
        (x, y),
        shift,
        permutation_type="independent",
        alternative="greater",
        vectorized=True,
        n_resamples=resamples,
        batch=5000,
        rng=np.random.default_rng(0),
    )
    return float(found.pvalue)


def quantile_interval(values: Numbers, at: float, level: float = 0.95) -> Quantile:
    """A quantile of calls with an interval between order statistics; no distribution is assumed.

    The number of calls below it is binomial (n, at): Hahn and Meeker, "Statistical intervals", section 5.2.
    Each end holds at (1 + level) / 2, but for a tail quantile the upper end holds at `level`: 59 calls bound
    the 95th percentile at 95 %, as in MLPerf's LoadGen.

    Raises:
        InvalidRequestError: no call, or a number that is not finite.
    """
    x = np.sort(_finite(values))
    calls = len(x)
    tail = (1 - level) / 2 if at <= 0.5 else 1 - level
    # the low end at rank r (from 1) fails where fewer than r calls lie below: P(X <= r - 1)
    low = int(stats.binom.ppf((1 - level) / 2, calls, at))
    if stats.binom.cdf(low - 1, calls, at) > (1 - level) / 2:
        low -= 1
    high = int(stats.binom.ppf(1 - tail, calls, at)) + 1  # P(X >= high) <= tail
    return Quantile(
        at=at,
        value=float(np.quantile(x, at)),
        low=float(x[max(low, 1) - 1]),
        high=float(x[high - 1]) if high <= calls else None,
        calls=calls,
    )


def drift_of(values: Numbers, seconds: Numbers, level: float = 0.95) -> Drift | None:
    """Theil and Sen's slope of log values over the run; None where there are fewer than three times.

    Sen, Journal of the American Statistical Association 63, 1968.
    """
    x, t = np.log(_finite(values)), _finite(seconds)
    if len(np.unique(t)) < 3:
        return None
    found: Any = stats.theilslopes(x, t, alpha=level)
    run = float(np.ptp(t))
    return Drift(float(found.slope) * run, float(found.low_slope) * run, float(found.high_slope) * run)


def _finite(values: Numbers) -> Vector:
    x = np.asarray(values, dtype=np.float64)
    if len(x) == 0 or not np.isfinite(x).all():
        raise InvalidRequestError(f"Expected finite measurements, at least one, got {len(x)} values")
    return x


def _walsh_averages(x: Vector) -> Vector:
    """[n (n + 1) / 2] means of all pairs, each with itself too."""
    first, second = np.triu_indices(len(x))
    return (x[first] + x[second]) / 2


def _signed_rank_cdf(blocks: int) -> Vector:
    """P(W+ <= w): ranks 1 to n, each counted by a fair coin."""
    chance = np.ones(1)
    for rank in range(1, blocks + 1):
        longer = np.pad(chance, (0, rank))
        longer[rank:] += chance
        chance = longer / 2
    return np.cumsum(chance)


def _rank_sum_cdf(first: int, second: int) -> Vector:
    """P(U <= u) for samples of these sizes without ties, by Mann and Whitney's recursion."""
    counts = np.zeros((first + 1, first * second + 1))
    counts[0, 0] = 1
    # ways to put `chosen` of the values seen so far into the first sample, by sum of their ranks - least sum
    for value in range(1, first + second + 1):
        for chosen in range(min(first, value), 0, -1):
            shift = value - chosen
            if shift <= first * second:
                counts[chosen, shift:] += counts[chosen - 1, : first * second + 1 - shift]
    return np.cumsum(counts[first]) / math.comb(first + second, first)


def _rank(cdf: Vector, level: float) -> int:
    """Largest k with P(statistic <= k - 1) at most half of what the level leaves; 0 where there is none."""
    return int(np.searchsorted(cdf, (1 - level) / 2 * (1 + 1e-12), side="right"))


def _between(
    ordered: Vector, k: int, level: float, method: str, units: str
) -> tuple[Interval | None, str | None]:
    if k == 0:
        return None, f"no interval: {units} cannot give one of {100 * level:g} %"
    low, high = math.exp(float(ordered[k - 1])), math.exp(float(ordered[-k]))
    return Interval(low=low, high=high, level=level, method=method), None
