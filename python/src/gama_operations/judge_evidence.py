"""What one comparison of two arms shows, before it is judged among the others of its study.

The clips' sources decide what leads. Sources of several clips: sign flips of whole sources (swaps, for a
corpus metric) and the cluster jackknife. Sources of one clip: mid-p McNemar for right and wrong, sign flips
for scores, and from thirty clips that differ on the BCa interval. All else stands beside. Below 10 sources
nothing leads, and the reason is told.
"""

from dataclasses import dataclass

from gama_operations.protocol import Interval


@dataclass(frozen=True, slots=True)
class Beside:
    """What does not lead; None where it does not apply or there is none."""

    jackknife: Interval | None = None
    bootstrap: Interval | None = None
    """By source, expanded percentiles."""
    bca: Interval | None = None
    """By clip, where sources have one."""
    by_clip: Interval | None = None
    """As if clips were independent: too narrow where sources have several that are alike."""
    mcnemar_exact: float | None = None
    """By clip, right and wrong outcomes."""
    mcnemar_mid_p: float | None = None
    wilcoxon: float | None = None
    """Signed ranks of the sources' means."""
    effect_size: float | None = None
    """d_z over the sources' means."""
    icc: float | None = None
    """How alike the differences of one source are, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One comparison's numbers; those that there are not are None."""

    difference: float
    """a - b; where lower is better, more than 0 is bad for a."""
    score_a: float
    score_b: float
    clips: int
    sources: int
    is_identical: bool
    """Whether the arms said the same on every clip."""
    effective_sources: float | None = None
    """Of equal size, that would vary as much: N^2 / sum n^2 (Kish, "Survey sampling", 1965); for means of
    outcomes between 0 and 1 only."""
    right_or_wrong: bool = False
    """Whether each clip's outcome is 0 or 1."""
    only_a: int | None = None
    """Clips where a is the better arm; None for corpus metrics that have no outcome per clip."""
    only_b: int | None = None
    interval: Interval | None = None
    """Of the difference, at the settings' level."""
    margin_interval: Interval | None = None
    """Jackknife at 1 - 2 alpha: what equivalence and non-inferiority are read off."""
    reason: str | None = None
    """Why there is no interval, or no test."""
    error: float | None = None
    """Standard error of the difference by leaving out sources."""
    p_value: float | None = None
    test: str | None = None
    test_decides: bool = False
    """Whether a difference is shown though the interval holds 0: a confidence sequence assumes less than its
    e-process, and is the wider for it."""
    beside: Beside = Beside()
    lower_is_better: bool = False
