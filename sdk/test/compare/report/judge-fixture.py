"""Judges the outcomes that make-fixture.ts hands over; prints verdicts, power card and cost verdicts as JSON.

The times are drawn, not measured: a fixture must not change with the machine that makes it.
"""

import dataclasses
import json
import sys
from collections import Counter

import msgspec
import numpy as np

from gama_operations.judge import PairedComparison, judge
from gama_operations.judge_cost import Measurement, judge_cost
from gama_operations.judge_inputs import ClipOutcomes
from gama_operations.statistics_power import power_card

FIELDS = ("a", "b", "task", "metric", "groups", "family", "claim", "margin")

asked = json.load(sys.stdin)
verdicts = judge(
    [
        PairedComparison(
            **{name: it[name] for name in FIELDS},
            observed=ClipOutcomes(it["outcomesA"], it["outcomesB"]),
        )
        for it in asked["comparisons"]
    ]
).verdicts
rng = np.random.default_rng(0)
measurements = [
    Measurement(metric, unit, phase, arm, process, block, value, float(process * 40 + block))
    for metric, unit, size in (("per-clip latency (ms)", "block", 40), ("peak memory (MB)", "process", 600))
    for phase in ("aa", "ab")
    for process in range(5)
    for block in (range(4) if unit == "block" else (0,))
    for arm in (("a", "b", "b", "a") if unit == "block" else ("a", "b"))
    for value in [size * (1.6 if (phase, arm) == ("ab", "b") else 1) * float(np.exp(rng.normal(0, 0.04)))]
]
print(
    json.dumps(
        {
            "verdicts": [dataclasses.asdict(it) for it in verdicts],
            "power": dataclasses.asdict(power_card(list(Counter(asked["groups"]).values()), margin=0.1)),
            "cost": [dataclasses.asdict(it) for it in judge_cost(measurements, a=asked["a"], b=asked["b"])],
        },
        default=msgspec.to_builtins,
    )
)
