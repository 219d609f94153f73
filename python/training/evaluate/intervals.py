"""A mean with its 95 % interval by source, as it stands in scores.json."""

from collections.abc import Sequence
from typing import Any, TypedDict

from gama_operations.statistics import cluster_interval, compare_paired


class Score(TypedDict):
    """A mean over clips or questions; `low` and `high` are None where `reason` says why."""

    mean: float
    low: float | None
    high: float | None
    reason: str | None


class Difference(Score):
    """A paired difference of means, with the sign-flip test of whole sources."""

    p: float | None
    sources: int


def score(outcomes: Sequence[float], sources: Sequence[str]) -> Score:
    """Mean outcome with its interval by source."""
    interval, reason = cluster_interval(outcomes, sources)
    mean = round(sum(outcomes) / len(outcomes), 4)
    if interval is None:
        return {"mean": mean, "low": None, "high": None, "reason": reason}
    return {"mean": mean, "low": round(interval.low, 4), "high": round(interval.high, 4), "reason": None}


def difference(a: Sequence[float], b: Sequence[float], sources: Sequence[str]) -> Difference:
    """Mean of a - b on the same clips."""
    found: Any = compare_paired(a, b, sources)
    low, high = (None, None) if found.interval is None else (found.interval.low, found.interval.high)
    return {
        "mean": round(found.difference, 4),
        "low": None if low is None else round(low, 4),
        "high": None if high is None else round(high, 4),
        "reason": found.reason,
        "p": None if found.p_value is None else round(found.p_value, 5),
        "sources": found.sources,
    }


def text(value: Score | None) -> str:
    """`.866 [.84, .89]`, or the bare mean where there is no interval."""
    if value is None:
        return "-"
    if value["low"] is None or value["high"] is None:
        return f"{value['mean']:.3f} (no interval)"
    return f"{value['mean']:.3f} [{value['low']:.3f}, {value['high']:.3f}]"
