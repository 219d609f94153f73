"""Statistics that count sources, not clips.

Clips of one source (preset, voice, speaker, recording) resemble each other, so a clip is no independent
observation; a source is. Everything here resamples whole sources.

Interval: delete-one-source jackknife of the ratio (sum of outcomes / number of clips), with Student's t of
G - 1 degrees of freedom for G sources (Cameron and Miller, "A Practitioner's Guide to Cluster-Robust
Inference", Journal of Human Resources 50, 2015, sections II.C and VI.D; CV3 in their terms).
Test: the signs of whole sources' differences are flipped, two-sided (scipy.stats.permutation_test).
Below MIN_SOURCES sources neither is trustworthy: a reason stands in their place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from gama_operations.errors import InvalidRequestError
from gama_operations.protocol import Interval

MIN_SOURCES = 10
_SAME = 1e-12  # relative spread below which means differ by rounding only
_PERMUTATION_BATCH = 1000  # permutations held in memory at once

Numbers = Sequence[float] | NDArray[Any]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two arms on the same clips; field by field what the wire's CompareResult says."""

    difference: float
    interval: Interval | None
    reason: str | None
    p_value: float | None
    test: str | None
    mean_a: float
    mean_b: float
    only_a: int
    only_b: int
    clips: int
    sources: int


def cluster_interval(
    outcomes: Numbers, groups: Sequence[str], level: float = 0.95
) -> tuple[Interval | None, str | None]:
    """Confidence interval of the mean outcome, by source: the interval, or None and the reason.

    Outcomes that are all 0 or 1 are a proportion: the interval then ends at 0 and 1. It covers at its level
    with many sources; with few, and more so close to 0 or 1, it covers less, because the sources are skewed
    (simulated, 95 %, clips of a source that resemble each other: accuracy .7, one to nine clips a source,
    91 to 92 % for 10 to 15 sources, 94 % for 30; accuracy .9, five clips each, 87 % for 12, 91 % for 40).

    Args:
        outcomes: one number per clip.
        groups: the source of each clip.
        level: for example 0.95.

    Raises:
        InvalidRequestError: no clips, lengths that differ, outcomes not finite, a level outside (0, 1).
    """
    values, sums, counts = _by_source(outcomes, groups)
    if not 0 < level < 1:
        raise InvalidRequestError(f"Expected `level` between 0 and 1, got {level}")
    if len(sums) < MIN_SOURCES:
        return None, f"no interval: {_too_few(len(sums))}"
    means = sums / counts
    if np.ptp(means) <= _SAME * np.abs(means).max():
        return None, f"no interval: the mean is the same in all {len(sums)} sources, so nothing varies"
    mean = float(values.mean())
    half = float(stats.t.ppf((1 + level) / 2, len(sums) - 1)) * _jackknife_error(sums, counts)
    low, high = mean - half, mean + half
    if np.isin(values, (0, 1)).all():
        low, high = max(0.0, low), min(1.0, high)
    return Interval(low=low, high=high, level=level, method=f"cluster jackknife, t({len(sums) - 1})"), None


def compare_paired(
    a: Numbers,
    b: Numbers,
    groups: Sequence[str],
    *,
    level: float = 0.95,
    permutations: int = 9999,
    seed: int = 0,
) -> Comparison:
    """Difference of the means a - b on the same clips, with interval and test by source.

    The test is exact (all 2^G flips of G sources) where that takes at most `permutations` + 1 of them, and
    otherwise Monte-Carlo with `permutations` draws, the observed one counted among them.

    Args:
        a: one outcome per clip of the first arm.
        b: one outcome per clip of the second arm, in the same order.
        groups: the source of each clip.
        level: of the interval.
        permutations: most flips that are drawn.
        seed: of the draws.

    Raises:
        InvalidRequestError: as `cluster_interval`; also when `permutations` is below 1.
    """
    if len(a) != len(b):
        raise InvalidRequestError(f"Expected as many outcomes in `a` as in `b`, got {len(a)} and {len(b)}")
    if permutations < 1:
        raise InvalidRequestError(f"Expected `permutations` >= 1, got {permutations}")
    first, _, _ = _by_source(a, groups)
    second, _, _ = _by_source(b, groups)
    difference = first - second
    interval, reason = cluster_interval(difference, groups, level)
    _, sums, _ = _by_source(difference, groups)
    if len(sums) < MIN_SOURCES:
        p_value, test, reason = None, None, f"no interval and no test: {_too_few(len(sums))}"
    else:
        p_value, test = _sign_flip(sums, permutations, seed)
    return Comparison(
        difference=float(difference.mean()),
        interval=interval,
        reason=reason,
        p_value=p_value,
        test=test,
        mean_a=float(first.mean()),
        mean_b=float(second.mean()),
        only_a=int((first > second).sum()),
        only_b=int((second > first).sum()),
        clips=len(difference),
        sources=len(sums),
    )


def _by_source(
    outcomes: Numbers, groups: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The outcomes, and per source their sum and their number."""
    if len(outcomes) != len(groups):
        raise InvalidRequestError(
            f"Expected one group per outcome, got {len(groups)} groups for {len(outcomes)} outcomes"
        )
    if len(outcomes) == 0:
        raise InvalidRequestError("Expected at least one clip, got none")
    values = np.asarray(outcomes, dtype=np.float64)
    if not np.isfinite(values).all():
        at = int(np.argmin(np.isfinite(values)))
        raise InvalidRequestError(
            f"Expected finite outcomes, got {values[at]} for clip {at}: a failed clip counts as a failure (0)"
        )
    _, source = np.unique(np.asarray(groups), return_inverse=True)
    sums = np.asarray(np.bincount(source, weights=values), dtype=np.float64)
    return values, sums, np.asarray(np.bincount(source), dtype=np.float64)


def _jackknife_error(sums: NDArray[np.float64], counts: NDArray[np.float64]) -> float:
    """Standard error of sum / count by leaving out one source at a time."""
    sources = len(sums)
    left_out = (sums.sum() - sums) / (counts.sum() - counts)  # (G,)
    return float(np.sqrt((sources - 1) / sources * np.square(left_out - left_out.mean()).sum()))


def _sign_flip(sums: NDArray[np.float64], permutations: int, seed: int) -> tuple[float, str]:
    """Two-sided p of the sources' summed differences, and the name of the test."""

    def total(x: NDArray[np.float64], y: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
        return (x - y).sum(axis=axis)

    flips = 2 ** len(sums)
    exact = flips <= permutations + 1  # scipy enumerates when it may draw as many as there are
    # flipping a sign of x - y with y = 0 is swapping the pair, which is what `samples` permutes
    result = stats.permutation_test(
        (sums, np.zeros_like(sums)),
        total,
        permutation_type="samples",
        vectorized=True,
        alternative="two-sided",
        n_resamples=flips if exact else permutations,
        batch=_PERMUTATION_BATCH,
        rng=np.random.default_rng(seed),
    )
    how = f"exact, 2^{len(sums)} flips" if exact else f"Monte-Carlo, {permutations} flips"
    return float(result.pvalue), f"sign flips of whole sources, two-sided ({how})"


def _too_few(sources: int) -> str:
    return f"{sources} source(s), at least {MIN_SOURCES} are needed"
