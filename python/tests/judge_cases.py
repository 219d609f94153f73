"""Outcomes of two arms, and the judgement of them."""

from gama_operations.judge import PairedComparison, judge
from gama_operations.judge_inputs import (
    ClipOutcomes,
    Settings,
)

QUICK = Settings(permutations=499, resamples=499)
GROUPS = [f"s{index // 4}" for index in range(160)]
SINGLE = [f"c{index}" for index in range(160)]


def outcomes(rng, gain=0.0, clips=160):
    b = rng.random(clips) < 0.6
    return ((b | (rng.random(clips) < gain)) & ~(rng.random(clips) < 0.05)).astype(float), b.astype(float)


def compared(a, b, groups=GROUPS, **more):
    settings = {"family": "primary", **more}
    return PairedComparison("one", "two", "linear", "accuracy", groups, ClipOutcomes(a, b), **settings)


def verdict(a, b, groups=GROUPS, settings=QUICK, **more):
    return judge([compared(a, b, groups, **more)], settings).verdicts[0]
