"""Seconds, bytes and joules of two arms."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from gama_operations.protocol.memory import MemoryUsage
from gama_operations.protocol.scalars import Interval


class CostMeasurement(Struct, frozen=True, forbid_unknown_fields=True):
    """One measured number. Void ones are left out before."""

    metric: str
    unit: Literal["block", "process"]
    """What counts as one observation: a block of calls, or a process."""
    phase: Literal["aa", "ab"]
    """An arm against itself, or against the other."""
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


class JudgeCostData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `judge_cost`: all cost metrics of two arms at once."""

    measurements: list[CostMeasurement]
    a: str
    b: str
    level: Annotated[float, Meta(gt=0, lt=1)] = 0.95
    alpha: Annotated[float, Meta(gt=0, lt=1)] = 0.05


class CostRatio(Struct, frozen=True, forbid_unknown_fields=True):
    """What one arm or process costs over another: 2 is twice as much."""

    ratio: float
    interval: Interval | None
    reason: str | None
    """Why there is no interval."""
    p_value: float
    test: str
    units: int
    """Blocks, or processes of both arms."""


class CostQuantile(Struct, frozen=True, forbid_unknown_fields=True):
    """A quantile of the calls of one arm."""

    at: float
    value: float
    low: float
    high: float | None
    """null where so few calls cannot bound it."""
    calls: int


class CostDrift(Struct, frozen=True, forbid_unknown_fields=True):
    """Change of the logarithm over the run: .05 is five percent from the first call to the last."""

    change: float
    low: float
    high: float


class CostVerdict(Struct, frozen=True, forbid_unknown_fields=True):
    """One cost metric of arm a against arm b."""

    metric: str
    unit: Literal["block", "process"]
    word: Literal["higher", "lower", "undecided"]
    sentence: str
    ratio: float
    interval: Interval | None
    reason: str | None
    test: str
    p: float
    p_adjusted: float
    floor: float | None
    """Farthest ratio from 1 that two processes of one arm may have, above 1; null without an A/A run."""
    noise: CostRatio | None
    """Of the A/A run."""
    units: int
    median_a: float
    median_b: float
    quantiles_a: list[CostQuantile]
    """Of single calls; empty for the unit `process`."""
    quantiles_b: list[CostQuantile]
    drift_a: CostDrift | None
    drift_b: CostDrift | None


class JudgeCostResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `judge_cost`: the metrics in the order in which they first occur."""

    verdicts: list[CostVerdict]
    processing_time: float
    memory_usage: MemoryUsage


class ReadEnergyData(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `read_energy`."""


class EnergyCounter(Struct, frozen=True, forbid_unknown_fields=True):
    """A counter of the hardware; only differences of two readings mean something."""

    name: str
    source: Literal["rapl", "nvml"]
    joules: float
    wraps_at: float | None
    """Joules after which it begins at 0 again; null: never."""


class ReadEnergyResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `read_energy`: the counters of the hardware that the loaded models run on."""

    counters: list[EnergyCounter]
    reason: str | None
    """Why there are none."""
