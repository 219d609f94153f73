"""The word for a comparison, and the sentence around it: never a bare p.

In this order, each question at its adjusted p: better or worse, if the test rejects "no difference" and the
interval leaves 0 out (where they disagree: undecided, and said); equivalent, if both one-sided tests against
the margin reject, which is the interval of level 1 - 2 alpha inside the margin (Schuirmann, Journal of
Pharmacokinetics and Biopharmaceutics 15, 1987; where few clips differ the tests are more careful); not worse,
if the lower one does; else undecided, with the difference that such a study sees in eight of ten cases.
"""

import math
from dataclasses import dataclass

from gama_operations.judge_evidence import Evidence
from gama_operations.protocol import VerdictWord as Word
from gama_operations.statistics_sources import t_quantile, t_tail

_POWER = 0.8


@dataclass(frozen=True, slots=True)
class Questions:
    """p of the three questions about one comparison; None where it cannot be asked."""

    no_difference: float | None
    worse_by_margin: float | None
    """Of the null hypothesis that a is worse by the margin or more."""
    better_by_margin: float | None


@dataclass(frozen=True, slots=True)
class Found:
    """A word, all words that the evidence supports, and what weakens it."""

    word: Word
    supports: tuple[Word, ...]
    note: str | None


def questions_of(evidence: Evidence, margin: float | None) -> Questions:
    """The p-values before the family is looked at."""
    worse, better = None, None
    if margin is not None:
        if evidence.error is not None:
            gain, sources = _gain(evidence), evidence.sources
            error = max(evidence.error, _error_at(margin, evidence))
            worse = t_tail((gain + margin) / error, sources)
            better = t_tail((margin - gain) / error, sources)
        elif evidence.is_identical and evidence.effective_sources is not None:
            # Nothing varies, but G sources without a difference bound how common one can be: were a share of
            # `margin` of the sources different, all G would agree with (1 - margin)^G (the rule of three,
            # Hanley and Lippman-Hand, JAMA 249, 1983). A difference is at most 1 where scores are 0 to 1.
            worse = better = max(0.0, 1 - margin) ** evidence.effective_sources
    return Questions(evidence.p_value, worse, better)


def word_of(evidence: Evidence, adjusted: Questions, *, margin: float | None, alpha: float) -> Found:
    """The word at adjusted p-values."""
    differs = adjusted.no_difference is not None and adjusted.no_difference <= alpha
    not_worse = adjusted.worse_by_margin is not None and adjusted.worse_by_margin <= alpha
    not_better = adjusted.better_by_margin is not None and adjusted.better_by_margin <= alpha
    supports: list[Word] = []
    note = None
    if differs and (evidence.test_decides or _excludes_zero(evidence)):
        supports.append("better" if _gain(evidence) > 0 else "worse")
        if not_worse and not_better:
            note = f"by less than the margin of {points(margin or 0)}"
        elif not _excludes_zero(evidence):
            note = "the confidence sequence, which assumes less than the e-process, still holds 0"
    elif differs:
        note = "the test and the interval disagree"
    if not_worse and not_better:
        supports.append("equivalent")
    if not_worse or "better" in supports:  # by any margin
        supports.append("not worse")
    if not supports and evidence.is_identical:
        note = "the arms gave the same outcome on every clip"
    return Found(supports[0] if supports else "undecided", tuple(supports), note or evidence.reason)


def could_have_seen(evidence: Evidence, alpha: float) -> float | None:
    """Smallest difference that such a study finds in eight of ten cases: (t(1 - alpha / 2) + t(.8)) SE.

    Bloom, "Minimum detectable effects", Evaluation Review 19, 1995.
    """
    if evidence.error is None:
        return None
    sources = evidence.sources
    return (t_quantile(1 - alpha / 2, sources) + t_quantile(_POWER, sources)) * evidence.error


def p_of(word: Word, adjusted: Questions) -> float | None:
    """Of the question that the word answers: of both, where it takes two."""
    if word == "not worse":
        return adjusted.worse_by_margin
    if word != "equivalent":
        return adjusted.no_difference
    if adjusted.worse_by_margin is None or adjusted.better_by_margin is None:
        return None
    return max(adjusted.worse_by_margin, adjusted.better_by_margin)


def sentence_of(
    arms: tuple[str, str], on: str, evidence: Evidence, found: Found, *, margin: float | None, tail: str
) -> str:
    """For example `gama-tiny is better than fbank on linear, accuracy: +4.2 points [+1.1, +7.3].`

    `tail` is what stands behind the interval: the adjusted p, and what could have been seen.
    """
    a, b = arms
    size = points(evidence.difference, signed=True)
    if evidence.interval:
        low, high = (_hundredths(end, "+") for end in (evidence.interval.low, evidence.interval.high))
        size += f" [{low}, {high}]"
    within = points(margin or 0)
    phrases: dict[Word, str] = {
        "better": f"{a} is better than {b}",
        "worse": f"{a} is worse than {b}",
        "equivalent": f"{a} and {b} are equivalent within {within}",
        "not worse": f"{a} is not worse than {b} by {within}",
        "undecided": f"Undecided between {a} and {b}",
    }
    note = f"; {found.note}" if found.note else ""
    return f"{phrases[found.word]} on {on}: {size}{tail}{note}."


def _excludes_zero(evidence: Evidence) -> bool:
    """By the interval; where every source has the same difference there is none, and the test decides."""
    if evidence.interval is None:
        return evidence.difference != 0
    return evidence.interval.low > 0 or evidence.interval.high < 0


def _error_at(margin: float, evidence: Evidence) -> float:
    """Least standard error of right and wrong outcomes whose true difference is the margin.

    A share of `margin` of the clips differs then at least, which varies by margin - margin^2 a clip. What was
    seen may vary less, where hardly a clip happened to differ, and would refute the margin too easily
    (simulated: 100 clips, margin and true difference .05, in 11 % of the studies instead of 5).
    """
    return math.sqrt(max(0.0, margin - margin**2) / evidence.clips) if evidence.right_or_wrong else 0.0


def _gain(evidence: Evidence) -> float:
    """How much better a is."""
    return -evidence.difference if evidence.lower_is_better else evidence.difference


def points(value: float, *, signed: bool = False) -> str:
    """A share in hundredths, with its unit."""
    return f"{_hundredths(value, '+' if signed else '')} points"


def _hundredths(value: float, sign: str) -> str:
    """What is 0 as it is printed has no sign."""
    return f"{100 * value:{sign}.1f}" if abs(round(100 * value, 1)) > 0 else "0.0"
