"""Paired outcomes of two arms, and what follows from them."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from gama_operations.protocol.memory import MemoryUsage
from gama_operations.protocol.scalars import Interval, Seed
from gama_operations.protocol.tensors import Tensor

Claim = Literal["superior", "not worse", "equivalent"]
"""What is claimed of arm a against arm b before a study runs."""

VerdictWord = Literal["better", "worse", "equivalent", "not worse", "undecided"]

Family = Literal["primary", "exploratory"]
"""Holm's correction for the primary comparisons, Benjamini and Hochberg's for those not declared."""


class CompareData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `compare`: outcomes of two arms on the same clips."""

    a: list[float]
    b: list[float]
    groups: list[str]
    level: Annotated[float, Meta(gt=0, lt=1)] = 0.95
    permutations: Annotated[int, Meta(ge=1, le=1_000_000)] = 9999
    seed: Seed = 0


class CompareResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `compare`: difference of means a - b, by source."""

    difference: float
    interval: Interval | None
    reason: str | None
    p_value: float | None
    """Sign-flip permutation of whole sources, two-sided; null below 10 sources."""
    test: str | None
    mean_a: float
    mean_b: float
    only_a: int
    """Clips where a is better."""
    only_b: int
    clips: int
    sources: int
    processing_time: float
    memory_usage: MemoryUsage


class ObservedClips(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="clips"):
    """One number per clip and arm (right or wrong, a score); their means are compared."""

    a: list[float]
    b: list[float]


class ObservedAnswers(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="answers"):
    """One label per clip and arm; macro-F1 is compared."""

    truth: list[str]
    a: list[str]
    b: list[str]


class ObservedWordErrors(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="word errors"
):
    """Edits and true words per clip; their ratio, the word error rate, is compared. Lower is better."""

    a: list[float]
    b: list[float]
    words: list[float]


class ObservedTags(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="tags"):
    """Scores [clips, tags] of each arm; mean average precision is compared."""

    tags: Tensor | list[list[bool]]
    """[clips, tags]: whether the clip has the tag; a tensor of any type, where other than 0 is true."""
    a: Tensor | list[list[float]]
    b: Tensor | list[list[float]]


class ObservedClusters(
    Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="kind", tag="clusters"
):
    """A cluster per clip and arm; its agreement with the labels is compared."""

    labels: list[str]
    a: list[int]
    b: list[int]
    measure: Literal["v_measure", "ari", "ami"] = "v_measure"


Observed = ObservedClips | ObservedAnswers | ObservedWordErrors | ObservedTags | ObservedClusters
"""What was seen of two arms on the same clips; its kind says which metric is compared."""


class AnytimeRule(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What must be known before a run that might be stopped."""

    largest: Annotated[int, Meta(ge=1)]
    """Clips of the largest source of the whole data set."""
    right_or_wrong: bool = False
    """Whether outcomes are 0 or 1."""


class JudgedComparison(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Two arms on the same clips, and what was claimed before the run."""

    a: str
    b: str
    task: str
    metric: str
    groups: list[str]
    """Source of each clip."""
    observed: Observed
    family: Family = "exploratory"
    claim: Claim | None = None
    margin: float | None = None
    """In the metric's own unit (.02 is two points); `not worse` and `equivalent` need it."""
    anytime: AnytimeRule | None = None
    """Where the run might be stopped after any source: the clips stand in the order of the run then, and the
    verdict is the e-process's. Of the kind `clips`, between 0 and 1, without a margin."""


class JudgeData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `judge`: all comparisons of a study at once. Progress stages: judge, leave out sources,
    swap sources, resample sources.
    """

    comparisons: list[JudgedComparison]
    level: Annotated[float, Meta(gt=0, lt=1)] = 0.95
    """Of the intervals."""
    alpha: Annotated[float, Meta(gt=0, lt=0.5)] = 0.05
    permutations: Annotated[int, Meta(ge=1, le=1_000_000)] = 9999
    """Most flips that are enumerated or drawn."""
    resamples: Annotated[int, Meta(ge=1, le=1_000_000)] = 9999
    """Of bootstraps."""
    seed: Seed = 0


class VerdictBeside(Struct, frozen=True, forbid_unknown_fields=True):
    """Other ways to look at a comparison; the word is not theirs. null where one does not apply."""

    jackknife: Interval | None
    bootstrap: Interval | None
    """By source, expanded percentiles."""
    bca: Interval | None
    """By clip, where sources have one."""
    by_clip: Interval | None
    """As if clips were independent: too narrow where sources have several that are alike."""
    mcnemar_exact: float | None
    """By clip, right and wrong outcomes."""
    mcnemar_mid_p: float | None
    wilcoxon: float | None
    """Signed ranks of the sources' means."""
    effect_size: float | None
    """d_z over the sources' means."""
    icc: float | None
    """How alike the differences of one source are, 0 to 1."""


class Verdict(Struct, frozen=True, forbid_unknown_fields=True):
    """One comparison, judged among the others of its family."""

    a: str
    b: str
    task: str
    metric: str
    family: Family
    word: VerdictWord
    supports: list[VerdictWord]
    """All words that hold: better by less than the margin is equivalent and not worse as well."""
    claim: Claim | None
    shown: bool | None
    """Whether the claim was shown; null without one."""
    sentence: str
    difference: float
    """a - b; where lower is better, more than 0 is bad for a."""
    score_a: float
    score_b: float
    lower_is_better: bool
    interval: Interval | None
    """By source; null below 10 of them."""
    margin_interval: Interval | None
    """At 1 - 2 alpha: what equivalence and non-inferiority are read off; null without a margin."""
    reason: str | None
    """Why there is no interval or test, or what weakens the word."""
    test: str | None
    p: float | None
    p_adjusted: float | None
    p_not_worse: float | None
    """Adjusted, of the null hypothesis "worse by the margin or more"; null without a margin."""
    p_not_better: float | None
    adjusted_by: str
    could_have_seen: float | None
    """Smallest difference that such a study finds in eight of ten cases."""
    margin: float | None
    clips: int
    sources: int
    only_a: int | None
    """Clips where a is the better arm; null for metrics without an outcome per clip."""
    only_b: int | None
    is_identical: bool
    """Whether the arms said the same on every clip."""
    beside: VerdictBeside


class JudgeResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `judge`: the verdicts repeat to the bit, in the order of the comparisons."""

    verdicts: list[Verdict]
    seconds: list[float]
    """What each took."""
    processing_time: float
    memory_usage: MemoryUsage
