"""The test by source: is the difference larger than chance makes it when arms are exchanged?

If the arms do not differ, exchanging them within a source changes nothing but the sign of its summed
difference S. So p is the share of all 2^G choices of signs whose |sum| reaches the observed one.
Sums that are whole numbers of some step (right and wrong outcomes) are counted exactly for any G, by
convolution (Pagano and Tritchler, "On obtaining permutation distributions in polynomial time", Journal of the
American Statistical Association 78, 1983). Others are enumerated where that takes few flips, and else drawn;
then the observed arrangement counts among them, (1 + hits) / (1 + draws), so that p is never 0 and the test
keeps its level (Phipson and Smyth, Statistical Applications in Genetics and Molecular Biology 9, 2010).
"""

import math
import sys
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from gama_operations.statistics_sources import Vector

# Of a convolution: half a second of additions, of which right and wrong on 50,000 clips take a fifth.
_MOST_ADDITIONS = 500_000_000
_MOST_SUMS = 1 << 24
_BATCH_BYTES = 32_000_000

Check = Callable[[], None]
Counted = Callable[[float, float], None]


def nobody_cancels() -> None:
    """The default of `check`."""


def nobody_watches(_done: float, _total: float) -> None:
    """The default of `progress`."""


def sign_flip_test(
    sums: Vector,
    *,
    unit: float,
    clips: int,
    permutations: int = 9999,
    seed: int = 0,
    check: Check = nobody_cancels,
) -> tuple[float, str]:
    """Two-sided p of the sources' summed differences, and the name of the test.

    Args:
        sums: [G] per source, multiples of `unit`.
        unit: the grid, a power of two.
        clips: behind the sums: each was rounded to the grid by at most a unit, so sums that differ by no more
            than so many units count as equal.
        permutations: most flips that are enumerated or drawn where the sums have no common step.
        seed: of the draws.
        check: called between batches; raises when the caller gave up.
    """
    everything = f"exact, 2^{len(sums)} flips"
    moved = sums[sums != 0]
    if len(moved) == 0:
        return 1.0, _name(everything)
    steps = np.abs(moved / unit).astype(np.int64)
    common = int(np.gcd.reduce(steps))
    total, observed = int(steps.sum()) // common, round(abs(float(sums.sum()) / unit)) // common
    if total < _MOST_SUMS and len(steps) * (total - observed) <= _MOST_ADDITIONS:
        return _convolved(np.sort(steps // common), (total - observed) // 2), _name(everything)
    reached = abs(float(sums.sum())) - clips * unit
    if 2 ** len(moved) <= permutations + 1:
        return float((np.abs(_enumerated(moved)) >= reached).mean()), _name(everything)
    hits = 0
    for bits in fair_coins(len(moved), permutations, seed):
        check()
        hits += int((np.abs(2 * (bits @ moved) - moved.sum()) >= reached).sum())
    return (1 + hits) / (1 + permutations), _name(f"Monte-Carlo, {permutations} flips")


def fair_coins(sources: int, draws: int, seed: int) -> Iterator[NDArray[np.uint8]]:
    """[rows, G] of 0 and 1, `draws` rows in all."""
    rng = np.random.default_rng(seed)
    rows = max(1, _BATCH_BYTES // (8 * sources))
    for start in range(0, draws, rows):
        drawn = rng.bytes(min(rows, draws - start) * -(-sources // 8))
        packed = np.frombuffer(drawn, np.uint8).reshape(-1, -(-sources // 8))
        yield np.unpackbits(packed, axis=1, count=sources)


def _convolved(steps: NDArray[np.int64], most: int) -> float:
    """Two-sided p: twice the chance that fair coins on the steps add up to at most `most`.

    Only the tail is kept. The chances are sums of non-negative numbers, so no digits cancel.
    """
    chance = np.zeros(most + 1)
    chance[0] = 1.0
    for step in steps.tolist():
        chance *= 0.5
        if step <= most:
            chance[step:] += chance[: most + 1 - step].copy()
    # 2^-G leaves the doubles beyond a thousand sources, but it is never 0
    return min(1.0, max(2 * math.fsum(chance), sys.float_info.min))


def _enumerated(sums: Vector) -> Vector:
    """The sums under all choices of signs."""
    found = np.zeros(1)
    for value in sums.tolist():
        found = np.concatenate((found - value, found + value))
    return found


def _name(how: str) -> str:
    return f"sign flips of whole sources, two-sided ({how})"
