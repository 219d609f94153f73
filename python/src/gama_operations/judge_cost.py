"""All cost metrics of a study at once: ratios beyond the machine's own noise.

First two processes of one arm are compared with each other (A/A): what differs there is noise of the machine,
and the end of that interval which is farther from 1 is the floor. A ratio is called higher or lower only if
its test rejects after Holm's correction over the metrics, and its interval lies beyond the floor.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from gama_operations.errors import InvalidRequestError
from gama_operations.protocol import Interval
from gama_operations.statistics_cost import (
    Drift,
    Quantile,
    Ratio,
    drift_of,
    quantile_interval,
    ratio_of_blocks,
    ratio_of_processes,
)
from gama_operations.statistics_families import holm
from gama_operations.statistics_sources import Vector

Phase = Literal["aa", "ab"]
Unit = Literal["block", "process"]
CostWord = Literal["higher", "lower", "undecided"]
QUANTILES = (0.5, 0.95)


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measured number. Void ones are left out before."""

    metric: str
    unit: Unit
    """What counts as one observation: a block of calls, or a process."""
    phase: Phase
    arm: Literal["a", "b"]
    """In the phase `aa`, the two processes of one arm."""
    process: int
    """Number of the pair of processes."""
    block: int
    """Number of the block within its processes; 0 for the unit `process`."""
    value: float
    """Above 0, in the metric's own unit."""
    seconds: float
    """Since the run began."""


@dataclass(frozen=True, slots=True)
class CostVerdict:
    """One metric."""

    metric: str
    unit: Unit
    word: CostWord
    """Of arm a against arm b."""
    sentence: str
    ratio: float
    interval: Interval | None
    reason: str | None
    test: str
    p: float
    p_adjusted: float
    floor: float | None
    """Farthest ratio from 1 that two processes of one arm may have, above 1; None without an A/A run."""
    noise: Ratio | None
    """Of the A/A run."""
    units: int
    median_a: float
    median_b: float
    quantiles_a: list[Quantile]
    """Of single calls; empty for the unit `process`."""
    quantiles_b: list[Quantile]
    drift_a: Drift | None
    drift_b: Drift | None


def judge_cost(
    measurements: Sequence[Measurement], *, a: str, b: str, level: float = 0.95, alpha: float = 0.05
) -> list[CostVerdict]:
    """Judge the metrics, in the order in which they first occur.

    Raises:
        InvalidRequestError: a value that is not above 0, a metric of two units or without both arms, a block
            without both arms, a level or alpha outside (0, 1).
    """
    for name, value in (("level", level), ("alpha", alpha)):
        if not 0 < value < 1:
            raise InvalidRequestError(f"Expected `{name}` between 0 and 1, got {value}")
    for it in measurements:
        if not (math.isfinite(it.value) and it.value > 0):
            raise InvalidRequestError(f"Expected a value above 0 for {it.metric}, got {it.value}")
    names = list(dict.fromkeys(it.metric for it in measurements))
    rows = {name: [it for it in measurements if it.metric == name] for name in names}
    ratios = {name: _ratio(name, rows[name], "ab", level) for name in names}
    adjusted = dict(zip(names, holm([ratios[name].p_value for name in names]), strict=True))
    return [
        _verdict(rows[name], ratios[name], adjusted[name], arms=(a, b), level=level, alpha=alpha)
        for name in names
    ]


def _ratio(name: str, rows: Sequence[Measurement], phase: Phase, level: float) -> Ratio:
    """Of one phase of one metric."""
    here = [it for it in rows if it.phase == phase]
    if len({it.unit for it in rows}) > 1 or {it.arm for it in here} != {"a", "b"}:
        raise InvalidRequestError(f"Expected both arms and one unit for {name} in the phase `{phase}`")
    if here[0].unit == "process":
        return ratio_of_processes(_logs(here, "a"), _logs(here, "b"), level)
    blocks: dict[tuple[int, int], dict[str, list[float]]] = {}
    for it in here:
        blocks.setdefault((it.process, it.block), {}).setdefault(it.arm, []).append(math.log(it.value))
    for (process, block), arms in blocks.items():
        if len(arms) < 2:
            raise InvalidRequestError(f"Expected both arms in block {block} of process {process} for {name}")
    logs = [float(np.mean(arms["a"]) - np.mean(arms["b"])) for arms in blocks.values()]
    return ratio_of_blocks(logs, level)


def _logs(rows: Sequence[Measurement], arm: str) -> Vector:
    return np.log(_values(rows, arm))


def _values(rows: Sequence[Measurement], arm: str) -> Vector:
    return np.array([it.value for it in rows if it.arm == arm])


def _verdict(
    rows: Sequence[Measurement],
    found: Ratio,
    adjusted: float,
    *,
    arms: tuple[str, str],
    level: float,
    alpha: float,
) -> CostVerdict:
    metric, unit = rows[0].metric, rows[0].unit
    noise = _ratio(metric, rows, "aa", level) if any(it.phase == "aa" for it in rows) else None
    floor = _floor(noise)
    word = _word(found, adjusted, floor, alpha)
    compared = [it for it in rows if it.phase == "ab"]
    values = [_values(compared, arm) for arm in ("a", "b")]
    times = [np.array([it.seconds for it in compared if it.arm == arm]) for arm in ("a", "b")]
    by_call = unit == "block"
    quantiles = [[quantile_interval(x, q, level) for q in QUANTILES] if by_call else [] for x in values]
    drifts = [drift_of(x, t, level) if by_call else None for x, t in zip(values, times, strict=True)]
    return CostVerdict(
        metric=metric,
        unit=unit,
        word=word,
        sentence=_sentence(metric, arms, found, word, noise),
        ratio=found.ratio,
        interval=found.interval,
        reason=found.reason,
        test=found.test,
        p=found.p_value,
        p_adjusted=adjusted,
        floor=floor,
        noise=noise,
        units=found.units,
        median_a=float(np.median(values[0])),
        median_b=float(np.median(values[1])),
        quantiles_a=quantiles[0],
        quantiles_b=quantiles[1],
        drift_a=drifts[0],
        drift_b=drifts[1],
    )


def _floor(noise: Ratio | None) -> float | None:
    """The farther end of the A/A interval; without an interval the machine's noise is not known."""
    if noise is None or noise.interval is None:
        return None
    return math.exp(max(abs(math.log(noise.interval.low)), abs(math.log(noise.interval.high))))


def _word(found: Ratio, adjusted: float, floor: float | None, alpha: float) -> CostWord:
    if adjusted > alpha or found.interval is None or floor is None:
        return "undecided"
    if found.interval.low > floor:
        return "higher"
    return "lower" if found.interval.high < 1 / floor else "undecided"


def _sentence(metric: str, arms: tuple[str, str], found: Ratio, word: CostWord, noise: Ratio | None) -> str:
    (a, b), floor = arms, _floor(noise)
    size = f"{_figures(found.ratio)} times"
    if found.interval:
        size += f" [{_figures(found.interval.low)}, {_figures(found.interval.high)}]"
    if word != "undecided":
        return f"{metric} of {a} is {word} than that of {b}: {size}."
    if noise is None:
        why = "no A/A run says what this machine's noise is"
    elif floor is None:
        why = f"the A/A run was too short ({noise.reason})"
    else:
        why = f"two processes of one arm differ by up to {_figures(floor)} times, {found.units} units"
    return f"Undecided on {metric} of {a} and {b}: {size}; {why}."


def _figures(ratio: float) -> str:
    """Three figures, as the tables of the report have them: 0.700 beside 0.503."""
    return f"{ratio:#.3g}".rstrip(".")
