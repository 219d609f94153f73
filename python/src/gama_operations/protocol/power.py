"""What a data set can resolve, before a study and while it runs."""

from typing import Annotated

from msgspec import Meta, Struct

from gama_operations.protocol.memory import MemoryUsage


class PilotOutcomes(Struct, frozen=True, forbid_unknown_fields=True):
    """Outcomes of two arms on the first clips, for `power`."""

    a: list[float]
    b: list[float]
    groups: list[str]


class PowerData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `power`: which difference can such a data set resolve?"""

    sizes: list[Annotated[int, Meta(ge=1)]]
    """Clips of each source."""
    discordances: list[float] | None = None
    """Assumed shares of clips on which exactly one arm is right; by default the pilot's, else .1, .2, .3."""
    correlations: list[float] | None = None
    """Assumed likeness of the clips of one source, 0 to 1; by default the pilot's, else 0, .1, .33."""
    margin: float | None = None
    """A difference to ask about, in (0, 1)."""
    alpha: float = 0.05
    power: float = 0.8
    pilot: PilotOutcomes | None = None
    """Looked at blind to the sign: it spends none of the test's alpha."""


class PowerRow(Struct, frozen=True, forbid_unknown_fields=True):
    """One assumption about the arms, and what can be seen under it."""

    discordance: float
    correlation: float
    resolves: float | None
    """Smallest difference found with the asked power; null: not even the largest possible one."""
    power_at_margin: float | None
    sources_needed: int | None
    """Sources like these that find the margin; null where none was asked about, or no number of them does."""


class PowerPilot(Struct, frozen=True, forbid_unknown_fields=True):
    """What the first clips say about the arms, without saying which is better."""

    discordance: float
    correlation: float | None
    """null where no source has two clips that differ."""
    clips: int


class PowerResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `power`: a row for each discordance and correlation."""

    clips: int
    sources: int
    alpha: float
    power: float
    margin: float | None
    rows: list[PowerRow]
    method: str
    reason: str | None
    """Why there are no rows."""
    pilot: PowerPilot | None
    processing_time: float
    memory_usage: MemoryUsage


class AnytimeData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `anytime`: a run that is looked at after every source, in an order drawn before it."""

    sums: list[float]
    """Per finished source, the sum of its clips' differences a - b, each between -1 and 1."""
    sizes: list[Annotated[int, Meta(ge=1)]]
    """Per finished source, its clips."""
    largest: Annotated[int, Meta(ge=1)]
    """Clips of the largest source of the whole data set."""
    alpha: float = 0.05
    """Chance of ever seeing a difference that is not there."""
    right_or_wrong: bool = False
    """Whether outcomes are 0 or 1."""


class AnytimeResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `anytime`, after each source."""

    e: list[float]
    """Evidence of a difference: where there is none, it reaches 1 / alpha with a chance of alpha at most."""
    low: list[float]
    """Confidence sequence of the mean difference."""
    high: list[float]
    rejected_at: int | None
    """Sources after which e first reached 1 / alpha: the run may stop there."""
    method: str
    processing_time: float
    memory_usage: MemoryUsage
