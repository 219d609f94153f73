"""Numbers and names that several subjects share."""

from typing import Annotated

from msgspec import Meta, Struct

Seed = Annotated[int, Meta(ge=0, le=2**32 - 2)]  # torch, numpy and scikit-learn all take these


class TimeSpan(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a clip, in seconds from where what was given begins."""

    start: float
    end: float


class Interval(Struct, frozen=True, forbid_unknown_fields=True):
    """A confidence interval."""

    low: float
    high: float
    level: float
    method: str
    """For example `cluster jackknife, t(23)`."""


Index = Annotated[int, Meta(ge=0)]
"""A place in the list that was asked about."""
