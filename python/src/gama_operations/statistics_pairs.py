"""Tests of clips that are their own sources, and checks that stand beside the leading test.

They are valid where every source has one clip. Elsewhere their p is too small, and they are shown so.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from gama_operations.errors import InvalidRequestError
from gama_operations.protocol import Interval
from gama_operations.statistics_sources import Sources, Vector, is_constant

_ENUMERATED = 13
"""Most sources of which all sign flips are looked at, as in SciPy: 8,192."""


@dataclass(frozen=True, slots=True)
class McNemar:
    """Right and wrong of two arms on the same clips: only the discordant pairs tell the arms apart."""

    only_a: int
    only_b: int
    exact: float
    """Two-sided binomial p; never above its level, and often well below."""
    mid_p: float
    """Half of the observed outcome's probability is taken off, so that the size is close to the level
    (enumerated, at .05: 100 clips of which 30 % are discordant .0450, 300 of which 20 % .0493)."""


def mcnemar(only_a: int, only_b: int) -> McNemar:
    """Exact and mid-p McNemar test.

    With k = min(b, c) and X binomial (b + c, 1/2): exact 2 P(X <= k), mid-p 2 P(X <= k) - P(X = k)
    (Fagerland, Lydersen and Laake, "The McNemar test for binary matched-pairs data", BMC Medical Research
    Methodology 13:91, 2013).

    Args:
        only_a: clips that only the first arm has right.
        only_b: clips that only the second arm has right.

    Raises:
        InvalidRequestError: a negative number.
    """
    if min(only_a, only_b) < 0:
        raise InvalidRequestError(f"Expected numbers of clips >= 0, got {only_a} and {only_b}")
    fewer, pairs = min(only_a, only_b), only_a + only_b
    twice = 2 * float(stats.binom.cdf(fewer, pairs, 0.5))
    mid = twice - float(stats.binom.pmf(fewer, pairs, 0.5))
    return McNemar(only_a, only_b, exact=min(1.0, twice), mid_p=min(1.0, mid))


def wilcoxon_of_sources(difference: Vector, sources: Sources) -> float | None:
    """The p of the signed-rank test of the sources' mean differences, or None where none differs.

    A check only: it asks about the middle of the sources, not about the mean of the clips.
    """
    means = sources.sums(difference) / sources.counts
    if not means.any():
        return None
    if len(means) <= _ENUMERATED:
        return _signed_rank_p(means)
    found: Any = stats.wilcoxon(means, zero_method="pratt")
    return float(found.pvalue)


def _signed_rank_p(values: Vector) -> float:
    """Exact also with ties and zeros (Pratt). SciPy gives the same, but flips one by one: a second."""
    ranks = np.where(values == 0, 0.0, stats.rankdata(np.abs(values)))
    flips = 1 - 2 * (np.arange(2 ** len(values))[:, None] >> np.arange(len(values)) & 1)
    return float(np.mean(np.abs(flips @ ranks) >= abs(np.sign(values) @ ranks)))


def interval_by_clip(difference: Vector, level: float) -> Interval | None:
    """What one would print if clips were independent: shown beside, to be compared."""
    if len(difference) < 2 or is_constant(difference):
        return None
    mean, error = float(difference.mean()), _deviation(difference) / len(difference) ** 0.5
    half = float(stats.t.ppf((1 + level) / 2, len(difference) - 1)) * error
    return Interval(low=mean - half, high=mean + half, level=level, method="by clip, as if independent")


def effect_size(difference: Vector, sources: Sources) -> float | None:
    """d_z: mean over standard deviation of the sources' mean differences; None where they do not vary."""
    means = sources.sums(difference) / sources.counts
    if len(means) < 2 or is_constant(means):
        return None
    return math.fsum(means) / len(means) / _deviation(means)


def intraclass_correlation(values: Vector, sources: Sources) -> float | None:
    """ICC(1) by one-way analysis of variance, sources of any size; None where nothing varies.

    (MSB - MSW) / (MSB + (n0 - 1) MSW), n0 = (N - sum n^2 / N) / (G - 1) (Donner, "A review of inference
    procedures for the intraclass correlation coefficient", International Statistical Review 54, 1986).
    It may be negative; 0 is then the better guess, and is returned.
    """
    total, count = sources.clips, len(sources)
    if count < 2 or count == total:
        return None
    counts = sources.counts
    means = sources.sums(values) / counts
    between = math.fsum(counts * np.square(means - values.mean())) / (count - 1)
    within = math.fsum(np.square(values - means[sources.of_clip])) / (total - count)
    typical = (total - float(np.square(counts).sum()) / total) / (count - 1)
    spread = between + (typical - 1) * within
    return None if spread <= 0 else min(1.0, max(0.0, (between - within) / spread))


def are_right_or_wrong(*outcomes: Vector) -> bool:
    """Whether all outcomes are 0 or 1."""
    return all(bool(np.isin(values, (0, 1)).all()) for values in outcomes)


def are_shares(*outcomes: Vector) -> bool:
    """Whether all outcomes lie between 0 and 1."""
    return all(bool(((values >= 0) & (values <= 1)).all()) for values in outcomes)


def discordant(a: Vector, b: Vector) -> tuple[int, int]:
    """Clips where only the first arm, and only the second arm, is the better one."""
    return int((a > b).sum()), int((b > a).sum())


def _deviation(values: Vector) -> float:
    """Standard deviation of a sample; its sums are correctly rounded in any order."""
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum(np.square(values - mean)) / (len(values) - 1))


def edits(truth: Sequence[str], said: Sequence[str]) -> int:
    """Fewest insertions, deletions and substitutions of words (Levenshtein) that make one the other."""
    row = list(range(len(said) + 1))
    for at, word in enumerate(truth, start=1):
        diagonal, row[0] = row[0], at
        for column, other in enumerate(said, start=1):
            diagonal, row[column] = (
                row[column],
                min(row[column] + 1, row[column - 1] + 1, diagonal + (word != other)),
            )
    return row[-1]
