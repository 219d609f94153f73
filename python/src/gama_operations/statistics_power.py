"""The power card: which difference this data set can resolve, before anything is measured.

Two arms are right on different clips with probability d (discordance), and clips of a source are alike by r.
Sources of one clip: power of the mid-p McNemar test, enumerated over the discordant pairs.
Sources of several clips: power of the sign flips of whole sources, simulated: a clip repeats its source's own
draw with probability sqrt(r). Above `MOST_SIMULATED` sources a formula takes over: per clip the difference D
varies by s^2 = d - D^2, over the data set by s^2 sum n (1 + (n - 1) r) / N^2 (Donner and Klar, "Design and
analysis of cluster randomization trials in health research", 2000, chapter 5), and power is that of Student's
t with G - 1 degrees of freedom. With 20 to 50 sources of 1 to 15 clips the formula promised up to 11 points
too much (d = .1, r = 0, power .5) and 25 too little (d = .1, r = .33); with 141 sources 4 at most.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from gama_operations.errors import InvalidRequestError
from gama_operations.statistics_sources import (
    MIN_SOURCES,
    Numbers,
    Sources,
    Vector,
    checked,
    sources_of,
    t_quantile,
)

DISCORDANCES = (0.1, 0.2, 0.3)
CORRELATIONS = (0.0, 0.1, 0.33)
MOST_SIMULATED = 200
_DRAWS = 1000
_BISECTIONS = 12
_MOST_SOURCES = 10_000_000


@dataclass(frozen=True, slots=True)
class PowerRow:
    """One assumption about the arms, and what can be seen under it."""

    discordance: float
    """Share of the clips on which exactly one arm is right."""
    correlation: float
    """How alike clips of one source are, 0 to 1."""
    resolves: float | None
    """Smallest difference found with the asked power; None: not even the largest possible one, d."""
    power_at_margin: float | None
    """Of the difference that was asked about."""
    sources_needed: int | None
    """Sources like these that find it; None where none was asked about, or no number of them does."""


@dataclass(frozen=True, slots=True)
class PowerCard:
    """What this data set can resolve."""

    clips: int
    sources: int
    alpha: float
    power: float
    margin: float | None
    rows: list[PowerRow]
    method: str
    reason: str | None
    """Why there is no card."""


@dataclass(frozen=True, slots=True)
class Pilot:
    """What the first clips say about the arms, without saying which is better."""

    discordance: float
    correlation: float | None
    clips: int


def power_card(
    sizes: Sequence[int],
    *,
    discordances: Sequence[float] = DISCORDANCES,
    correlations: Sequence[float] = CORRELATIONS,
    margin: float | None = None,
    alpha: float = 0.05,
    power: float = 0.8,
) -> PowerCard:
    """Work it out from the manifest.

    Args:
        sizes: clips of each source.
        discordances: assumed, each in (0, 1].
        correlations: assumed, each in [0, 1]; of no meaning where sources have one clip.
        margin: a difference to ask about, in (0, 1).
        alpha: of the two-sided test.
        power: wanted, above alpha.

    Raises:
        InvalidRequestError: a number outside its range.
    """
    if not sizes or min(sizes) < 1:
        raise InvalidRequestError("Expected at least one source, each with at least one clip")
    _check_assumptions(discordances, correlations, margin)
    if not 0 < alpha < power < 1:
        raise InvalidRequestError(f"Expected 0 < `alpha` < `power` < 1, got {alpha} and {power}")
    n = np.asarray(sizes, dtype=np.float64)
    clips, sources = int(n.sum()), len(n)
    single = bool((n == 1).all())
    if single:
        method = "mid-p McNemar, enumerated"
    elif sources <= MOST_SIMULATED:
        method = f"sign flips of whole sources, {_DRAWS} simulated studies"
    else:
        method = f"noncentral t({sources - 1})"
    if sources < MIN_SOURCES:
        reason = f"{sources} source(s), at least {MIN_SOURCES} are needed"
        return PowerCard(clips, sources, alpha, power, margin, [], method, reason)
    rows: list[PowerRow] = []
    for d in discordances:
        for r in (0.0,) if single else correlations:

            def of(difference: float, *, sources: int = sources, d: float = d, r: float = r) -> float:
                if single:
                    return power_of_pairs(sources, d, difference, alpha)
                likewise = np.resize(n, sources)
                chance = simulated_power if sources <= MOST_SIMULATED else power_of_sources
                return chance(likewise, d, r, difference, alpha)

            asked = None if margin is None else of(min(margin, d))
            rows.append(PowerRow(d, r, _resolved(of, d, power), asked, _needed(of, margin, d, power)))
    return PowerCard(clips, sources, alpha, power, margin, rows, method, None)


def power_of_sources(
    sizes: Vector, discordance: float, correlation: float, difference: float, alpha: float
) -> float:
    """Chance that sources of such sizes show the difference, by the noncentral t."""
    sources = len(sizes)
    spread = max(discordance - difference**2, 0.0)
    design = float((sizes * (1 + (sizes - 1) * correlation)).sum()) / float(sizes.sum()) ** 2
    error = (spread * design) ** 0.5
    if error == 0:
        return 1.0
    bound = t_quantile(1 - alpha / 2, sources)
    shift = difference / error
    # the far tail by symmetry; scipy.special's is 40 times as fast as scipy.stats.nct
    return float(1 - special.nctdtr(sources - 1, shift, bound) + special.nctdtr(sources - 1, shift, -bound))


def simulated_power(
    sizes: Vector, discordance: float, correlation: float, difference: float, alpha: float
) -> float:
    """Share of simulated studies in which the sign flips of whole sources show the difference.

    The same seed for every difference, so that power rises with it.
    """
    rng, shape = np.random.default_rng(0), (_DRAWS, len(sizes))
    better, worse = (discordance + difference) / 2, (discordance - difference) / 2
    own = rng.random(shape)
    own_step = (own < better).astype(float) - (own > 1 - worse)
    repeating = rng.binomial(sizes.astype(np.int64), correlation**0.5, shape)
    wins = rng.binomial(sizes.astype(np.int64) - repeating, better)
    losses = rng.binomial(sizes.astype(np.int64) - repeating - wins, worse / (1 - better) if worse > 0 else 0)
    return float((_flipped((own_step * repeating + wins - losses).astype(np.float64)) <= alpha).mean())


def _flipped(sums: Vector) -> Vector:
    """[B] two-sided p of the sign flips of rows [B, G] of whole numbers, by Edgeworth's expansion.

    Flipped sums go in steps of 2 and have a negative kurtosis. Around .05 it is less than .003 away from the
    exact p, which a thousand studies cannot see, and a hundred times as fast.
    """
    variance, total = np.square(sums).sum(axis=1), np.abs(sums.sum(axis=1))
    there = np.maximum(variance, 1)
    kurtosis = -2 * (sums**4).sum(axis=1) / there**2
    z = (total - 1) / np.sqrt(there)
    tail = special.ndtr(-z) + np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi) * kurtosis / 24 * (z**3 - 3 * z)
    return np.where(variance > 0, np.minimum(1, 2 * np.maximum(tail, 0)), 1)


def power_of_pairs(clips: int, discordance: float, difference: float, alpha: float) -> float:
    """Chance that mid-p McNemar on so many independent clips shows the difference; exact.

    Sum over m discordant pairs, binomial (clips, d), and over those of arm a, binomial (m, (d + D) / 2d).
    """
    least, most = (int(stats.binom.ppf(tail, clips, discordance)) for tail in (1e-10, 1 - 1e-10))
    m = np.arange(least, most + 1, dtype=np.float64)
    bound = _largest_rejected(m, alpha)
    share = min(1.0, (discordance + difference) / (2 * discordance))
    # fewer of one arm than the bound, on either side; -1 where m pairs never reject
    rejected = np.where(
        bound >= 0, stats.binom.cdf(bound, m, share) + stats.binom.sf(m - bound - 1, m, share), 0.0
    )
    return float((stats.binom.pmf(m, clips, discordance) * rejected).sum())


def pilot(a: Numbers, b: Numbers, groups: Sequence[str]) -> Pilot:
    """Discordance and likeness of the first clips, blind to the sign: it spends none of the test's alpha.

    For scores, the mean square of the differences stands for the discordance.
    """
    difference = checked(a, groups) - checked(b, groups)
    sources = sources_of(groups)
    return Pilot(float(np.square(difference).mean()), _blind_correlation(difference, sources), sources.clips)


def _blind_correlation(difference: Vector, sources: Sources) -> float | None:
    """ICC about 0 instead of the mean: pairs of clips of one source, product over mean square."""
    sums, squares = sources.sums(difference), sources.sums(np.square(difference))
    pairs = float((sources.counts * (sources.counts - 1)).sum())
    if pairs == 0 or not squares.any():
        return None
    product = float((np.square(sums) - squares).sum()) / pairs
    return min(1.0, max(0.0, product / (float(squares.sum()) / sources.clips)))


def _largest_rejected(pairs: Vector, alpha: float) -> Vector:
    """[M] largest k = min(b, c) whose mid-p is at most alpha; -1 where there is none."""
    at, best = stats.binom.ppf(alpha / 2, pairs, 0.5), np.full(len(pairs), -1.0)
    # mid-p is P(X <= k) + P(X <= k - 1): it crosses alpha within one of the quantile
    for candidate in (at - 1, at, at + 1):
        mid = stats.binom.cdf(candidate, pairs, 0.5) + stats.binom.cdf(candidate - 1, pairs, 0.5)
        best = np.where((candidate >= 0) & (2 * candidate < pairs) & (mid <= alpha), candidate, best)
    return best


def _resolved(of: Callable[..., float], most: float, power: float) -> float | None:
    low, high = 0.0, most
    if of(high) < power:
        return None
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if of(middle) < power else (low, middle)
    return high


def _needed(of: Callable[..., float], margin: float | None, discordance: float, power: float) -> int | None:
    if margin is None or margin > discordance:
        return None
    low, high = 1, MIN_SOURCES
    while of(margin, sources=high) < power:
        low, high = high, 2 * high
        if high > _MOST_SOURCES:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if of(margin, sources=middle) < power else (low, middle)
    return max(high, MIN_SOURCES)


def _check_assumptions(
    discordances: Sequence[float], correlations: Sequence[float], margin: float | None
) -> None:
    if not all(0 < d <= 1 for d in discordances):
        raise InvalidRequestError(f"Expected `discordances` above 0, at most 1, got {list(discordances)}")
    if not all(0 <= r <= 1 for r in correlations):
        raise InvalidRequestError(f"Expected `correlations` from 0 to 1, got {list(correlations)}")
    if margin is not None and not 0 < margin < 1:
        raise InvalidRequestError(f"Expected `margin` between 0 and 1, got {margin}")
