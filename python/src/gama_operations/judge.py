"""All comparisons of a study at once: evidence, families, words.

A pure function of stored outcomes and a seed, so that a sealed run can be judged again, to the bit. Times are
kept apart from the verdicts for that reason.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from gama_operations.clustering_watch import Watch
from gama_operations.errors import InvalidRequestError
from gama_operations.judge_anytime import evidence_at_any_time
from gama_operations.judge_evidence import Beside, Evidence
from gama_operations.judge_inputs import (
    Answers,
    ClipOutcomes,
    Clusterings,
    Observations,
    Settings,
    TagScores,
    WordErrors,
)
from gama_operations.judge_means import evidence_of_means
from gama_operations.judge_metrics import evidence_of_metric
from gama_operations.protocol import AnytimeRule, Claim, Family, Interval, VerdictWord as Word
from gama_operations.statistics_families import benjamini_hochberg, holm
from gama_operations.statistics_sources import sources_of
from gama_operations.verdicts import (
    Found,
    Questions,
    could_have_seen,
    p_of,
    points,
    questions_of,
    sentence_of,
    word_of,
)

_SHOWN_BY: dict[Claim, Word] = {"superior": "better", "not worse": "not worse", "equivalent": "equivalent"}
_TRUTH: dict[type[Observations], str] = {
    Answers: "truth",
    WordErrors: "words",
    TagScores: "tags",
    Clusterings: "labels",
}


@dataclass(frozen=True, slots=True)
class PairedComparison:
    """Two arms on the same clips, and what was claimed before the run."""

    a: str
    b: str
    task: str
    metric: str
    groups: Sequence[str]
    """The source of each clip."""
    observed: Observations
    family: Family = "exploratory"
    claim: Claim | None = None
    margin: float | None = None
    """In the metric's own unit (.02 is two points); fixed before the run."""
    anytime: AnytimeRule | None = None
    """Where the run might be stopped after any source: clips stand in the order of the run then."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One comparison, judged among the others of its family."""

    a: str
    b: str
    task: str
    metric: str
    family: Family
    word: Word
    supports: tuple[Word, ...]
    """All words that hold: better by less than the margin is equivalent and not worse as well."""
    claim: Claim | None
    shown: bool | None
    """Whether the claim was shown; None without one."""
    sentence: str
    difference: float
    score_a: float
    score_b: float
    lower_is_better: bool
    interval: Interval | None
    margin_interval: Interval | None
    reason: str | None
    """Why there is no interval or test, or what weakens the word."""
    test: str | None
    p: float | None
    p_adjusted: float | None
    p_not_worse: float | None
    """Adjusted, of the null hypothesis "worse by the margin or more"; None without a margin."""
    p_not_better: float | None
    adjusted_by: str
    could_have_seen: float | None
    margin: float | None
    clips: int
    sources: int
    only_a: int | None
    only_b: int | None
    is_identical: bool
    beside: Beside


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdicts in the order of the comparisons, and what each cost."""

    verdicts: list[Verdict]
    seconds: list[float]


def judge(
    comparisons: Sequence[PairedComparison], settings: Settings | None = None, watch: Watch | None = None
) -> Judgement:
    """Judge the comparisons of a study: Holm for the primaries, Benjamini-Hochberg for the others.

    Raises:
        InvalidRequestError: outcomes that do not fit each other, a level or alpha outside (0, 1), a claim
            without its margin, a margin that is not positive, a primary comparison named twice.
    """
    settings, watch = settings or Settings(), watch or Watch()
    _check(comparisons, settings)
    found: list[Evidence] = []
    seconds: list[float] = []
    for comparison in comparisons:
        watch.check()
        started = time.perf_counter()
        found.append(_evidence_of(comparison, settings, watch))
        seconds.append(time.perf_counter() - started)
        watch.progress("judge", len(found), len(comparisons), "comparisons")
    asked = [questions_of(it, comparison.margin) for it, comparison in zip(found, comparisons, strict=True)]
    adjusted: dict[int, Questions] = {}
    for family in ("primary", "exploratory"):
        members = [at for at, comparison in enumerate(comparisons) if comparison.family == family]
        adjusted |= dict(zip(members, _adjust([asked[at] for at in members], family), strict=True))
    primaries = sum(comparison.family == "primary" for comparison in comparisons)
    verdicts = [
        _verdict(comparison, found[at], adjusted[at], primaries, settings)
        for at, comparison in enumerate(comparisons)
    ]
    return Judgement(verdicts, seconds)


def _check(comparisons: Sequence[PairedComparison], settings: Settings) -> None:
    for name, value in (("level", settings.level), ("alpha", settings.alpha)):
        if not 0 < value < 1:
            raise InvalidRequestError(f"Expected `{name}` between 0 and 1, got {value}")
    if settings.alpha >= 0.5:
        raise InvalidRequestError(f"Expected `alpha` below .5, got {settings.alpha}")
    for name, value in (("permutations", settings.permutations), ("resamples", settings.resamples)):
        if value < 1:
            raise InvalidRequestError(f"Expected `{name}` >= 1, got {value}")
    seen = set[tuple[str, str, str, str]]()
    for comparison in comparisons:
        name = (comparison.a, comparison.b, comparison.task, comparison.metric)
        if comparison.margin is not None and not comparison.margin > 0:
            raise InvalidRequestError(f"Expected `margin` above 0, got {comparison.margin} for {name}")
        if comparison.claim in ("not worse", "equivalent") and comparison.margin is None:
            raise InvalidRequestError(f"Expected a `margin` for the claim `{comparison.claim}` of {name}")
        _check_anytime(comparison)
        if comparison.family == "primary" and name in seen:
            raise InvalidRequestError(f"Expected each primary comparison once, got {name} twice")
        seen.add(name)


def _check_anytime(comparison: PairedComparison) -> None:
    if comparison.anytime is None:
        return
    if comparison.margin is not None or not isinstance(comparison.observed, ClipOutcomes):
        raise InvalidRequestError(
            f"Expected means of clips and no margin where a run may be stopped, got {comparison.metric} with "
            f"margin {comparison.margin}"
        )


def _evidence_of(comparison: PairedComparison, settings: Settings, watch: Watch) -> Evidence:
    sources, observed = sources_of(comparison.groups), comparison.observed
    names = ("a", "b") if isinstance(observed, ClipOutcomes) else ("a", "b", _TRUTH[type(observed)])
    for name in names:
        count = len(getattr(observed, name))
        if count != sources.clips:
            raise InvalidRequestError(f"Expected one of `{name}` per group, got {count} for {sources.clips}")
    if isinstance(observed, ClipOutcomes):
        found = evidence_of_means(observed, comparison.groups, sources, settings, watch)
        if comparison.anytime is None:
            return found
        return evidence_at_any_time(found, observed, comparison.groups, comparison.anytime, settings)
    return evidence_of_metric(observed, sources, settings, watch)


def _adjust(asked: Sequence[Questions], family: Family) -> list[Questions]:
    """All questions of a family together; those without a p (too few sources) are not asked."""
    flat = [
        (at, field, value)
        for at, questions in enumerate(asked)
        for field, value in enumerate(
            (questions.no_difference, questions.worse_by_margin, questions.better_by_margin)
        )
        if value is not None
    ]
    values = [value for _, _, value in flat]
    by_holm = family == "primary"
    found = holm(values, [at for at, _, _ in flat]) if by_holm else benjamini_hochberg(values)
    rows: list[list[float | None]] = [[None, None, None] for _ in asked]
    for (at, field, _), value in zip(flat, found, strict=True):
        rows[at][field] = value
    return [Questions(*row) for row in rows]


def _verdict(
    comparison: PairedComparison, evidence: Evidence, adjusted: Questions, primaries: int, settings: Settings
) -> Verdict:
    found = word_of(evidence, adjusted, margin=comparison.margin, alpha=settings.alpha)
    is_primary = comparison.family == "primary"
    seen = could_have_seen(evidence, settings.alpha / primaries if is_primary else settings.alpha)
    claim = comparison.claim
    return Verdict(
        a=comparison.a,
        b=comparison.b,
        task=comparison.task,
        metric=comparison.metric,
        family=comparison.family,
        word=found.word,
        supports=found.supports,
        claim=claim,
        shown=None if claim is None else _SHOWN_BY[claim] in found.supports,
        sentence=_sentence(comparison, evidence, found, seen, adjusted),
        difference=evidence.difference,
        score_a=evidence.score_a,
        score_b=evidence.score_b,
        lower_is_better=evidence.lower_is_better,
        interval=evidence.interval,
        margin_interval=evidence.margin_interval if comparison.margin is not None else None,
        reason=found.note,
        test=evidence.test,
        p=evidence.p_value,
        p_adjusted=adjusted.no_difference,
        p_not_worse=adjusted.worse_by_margin,
        p_not_better=adjusted.better_by_margin,
        adjusted_by="Holm" if is_primary else "Benjamini-Hochberg",
        could_have_seen=seen,
        margin=comparison.margin,
        clips=evidence.clips,
        sources=evidence.sources,
        only_a=evidence.only_a,
        only_b=evidence.only_b,
        is_identical=evidence.is_identical,
        beside=evidence.beside,
    )


def _sentence(
    comparison: PairedComparison, evidence: Evidence, found: Found, seen: float | None, adjusted: Questions
) -> str:
    label = "" if comparison.family == "primary" else " (exploratory)"
    claim, word = comparison.claim, found.word
    asked = _SHOWN_BY[claim] if word == "undecided" and claim is not None else word
    p, is_margin = p_of(asked, adjusted), asked in ("not worse", "equivalent")
    sides = " one-sided" if is_margin else ""
    tail = "" if p is None else f", adjusted{sides} p {'< .001' if p < 0.001 else f'= {p:.3f}'}"
    if p is not None and is_margin and word == "undecided":
        tail += f" against the margin of {points(comparison.margin or 0)}"
    if word == "undecided" and seen is not None:
        tail += f"; could have seen a difference of {points(seen)} or more"
    on = f"{comparison.task}, {comparison.metric}{label}"
    return sentence_of((comparison.a, comparison.b), on, evidence, found, margin=comparison.margin, tail=tail)
