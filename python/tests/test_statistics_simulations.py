"""Does each statistic keep what it promises? Seeded simulations, short here and long with GRYM_SOAK=1.

The long form prints each rate as a line of JSON, which `npm run soak` keeps in the record `statistics`.
"""

import json
import os

import numpy as np
import pytest
from scipy import stats

from gama_operations.judge import PairedComparison, judge
from gama_operations.judge_inputs import (
    Answers,
    ClipOutcomes,
    Clusterings,
    Settings,
    TagScores,
    WordErrors,
)
from gama_operations.statistics import compare_paired
from gama_operations.statistics_anytime import _of_pairs, _of_sources, anytime
from gama_operations.statistics_bootstrap import drawn_sources, expanded_percentiles
from gama_operations.statistics_flips import sign_flip_test
from gama_operations.statistics_pairs import interval_by_clip, mcnemar
from gama_operations.statistics_power import power_card
from gama_operations.statistics_sources import sources_of
from statistics_designs import LIKENESS, equal_arms, sample_sources, sizes_of, unequal_arms

LONG = os.environ.get("GRYM_SOAK") == "1"
RUNS = 4000 if LONG else 300


@pytest.fixture
def tell(capsys):
    """Prints one line of JSON past pytest's capture, in the long form."""

    def line(**numbers):
        if LONG:
            with capsys.disabled():
                print(f"\n{json.dumps(numbers)}", end="", flush=True)  # noqa: T201 # the numbers are the point

    return line


def at_most(hits, rate):
    """No more than the rate, or in the short form no more than such a rate gives by chance (1 in 2,000)."""
    return hits <= (rate * RUNS if LONG else stats.binom.ppf(0.9995, RUNS, rate))


def at_least(hits, rate):
    return at_most(RUNS - hits, 1 - rate)


@pytest.mark.parametrize(
    ("clips", "discordance"), [(100, 0.3), (300, 0.1), (300, 0.3), (1000, 0.1), (1000, 0.3), (100, 0.1)]
)
def test_tests_of_independent_clips_keep_their_level(tell, clips, discordance):
    rng, mid, exact, flips, seen = np.random.default_rng(clips), 0, 0, 0, 0
    groups = [str(index) for index in range(clips)]
    draws = 99 if not LONG else 199
    for _ in range(RUNS):
        steps = rng.choice([-1.0, 0.0, 1.0], clips, p=[discordance / 2, 1 - discordance, discordance / 2])
        found = mcnemar(int((steps > 0).sum()), int((steps < 0).sum()))
        mid += found.mid_p <= 0.05
        exact += found.exact <= 0.05
        seen += _of_pairs(steps).max() >= np.log(20)  # looked at after every clip
        scores = rng.normal(size=clips)
        flips += compare_paired(scores, np.zeros(clips), groups, permutations=draws).p_value <= 0.05
    rates = {"mid_p": mid, "exact": exact, "flips_of_scores": flips, "e_process_peeking": seen}
    tell(
        rate="false alarms, independent clips",
        clips=clips,
        discordance=discordance,
        runs=RUNS,
        **{name: hits / RUNS for name, hits in rates.items()},
    )
    assert at_most(mid, 0.06), mid
    assert at_most(exact, 0.05), exact
    assert at_most(seen, 0.05), seen
    assert at_most(flips, 0.06), flips
    assert at_least(flips, 0.04), flips
    if clips * discordance >= 30:
        assert at_least(mid, 0.035), mid


@pytest.mark.parametrize("kind", ["scores", "right or wrong"])
@pytest.mark.parametrize("sources", [20, 30, 50])
def test_by_source_levels_hold_where_those_by_clip_are_a_fiction(tell, sources, kind):
    rng = np.random.default_rng(sources)
    weights = np.concatenate(list(drawn_sources(sources, 1999 if LONG else 499, 7)))
    hits = dict.fromkeys(("jackknife", "bootstrap", "by_clip", "flips", "e_process"), 0)
    for run in range(RUNS):
        draw = equal_arms(rng, kind, sources)
        difference, by = draw.a - draw.b, sources_of(draw.groups)
        found = compare_paired(draw.a, draw.b, draw.groups, permutations=399, seed=run)
        sums = by.sums(difference)
        resampled = expanded_percentiles((weights @ sums) / (weights @ by.counts), sources, 0.95)
        naive = interval_by_clip(difference, 0.95)
        for name, interval in (("jackknife", found.interval), ("bootstrap", resampled), ("by_clip", naive)):
            hits[name] += interval.low <= 0 <= interval.high
        hits["flips"] += found.p_value <= 0.05
        order = rng.permutation(sources)  # looked at after every source
        hits["e_process"] += _of_sources(sums[order]).max() >= np.log(20)
        if kind != "scores":
            hits["mcnemar"] = hits.get("mcnemar", 0) + (mcnemar(found.only_a, found.only_b).mid_p <= 0.05)
    tell(
        rate="coverage (jackknife, bootstrap, by_clip) and false alarms, clips in sources",
        outcomes=kind,
        sources=sources,
        likeness=LIKENESS,
        runs=RUNS,
        **{name: count / RUNS for name, count in hits.items()},
    )
    for name in ("jackknife", "bootstrap"):
        assert at_least(hits[name], 0.93), hits
        assert at_most(hits[name], 0.97), hits
    assert at_most(hits["flips"], 0.06), hits
    if kind == "scores":
        assert at_least(hits["flips"], 0.04), hits
    assert at_most(hits["e_process"], 0.05), hits
    assert hits["by_clip"] < 0.75 * RUNS, hits
    assert hits.get("mcnemar", RUNS) > 0.25 * RUNS, hits


# Differences up to nine tenths of the discordance: beyond it all depends on how clips are alike (20 sources,
# discordance .1, likeness .1: card .8, found .74).
POWER_CELLS = (
    [(20, 0.3, 0.33, 0.8), (50, 0.1, 0.1, 0.8)]
    if not LONG
    else [
        *(
            (sources, 0.3, likeness, power)
            for sources in (20, 30, 50, 141)
            for likeness in (0.1, 0.33)
            for power in (0.5, 0.8, 0.95)
        ),
        *((sources, 0.1, 0.1, 0.8) for sources in (30, 50, 141)),
    ]
)


@pytest.mark.parametrize(("sources", "discordance", "likeness", "power"), POWER_CELLS)
def test_power_is_what_the_card_says_although_clips_are_alike_in_another_way(
    tell, sources, discordance, likeness, power
):
    rng = np.random.default_rng(sources)
    sizes = sizes_of(rng, sources, (3, 4) if sources == 141 else (1, 15))
    card = power_card(sizes.tolist(), discordances=[discordance], correlations=[likeness], power=power)
    difference = card.rows[0].resolves
    fixed = stopped = 0
    for _ in range(RUNS):
        sums = unequal_arms(rng, sizes, discordance, difference, likeness)
        fixed += sign_flip_test(sums, unit=1.0, clips=int(sizes.sum()))[0] <= 0.05
        stopped += _of_sources(rng.permuted(sums)).max() >= np.log(20)
    tell(
        rate="power",
        sources=sources,
        discordance=discordance,
        likeness=likeness,
        difference=difference,
        card=power,
        runs=RUNS,
        flips=fixed / RUNS,
        e_process_peeking=stopped / RUNS,
    )
    chance = 0.0 if LONG else 3.5 * (power * (1 - power) / RUNS) ** 0.5
    assert abs(fixed / RUNS - power) <= 0.05 + chance, fixed / RUNS


def test_a_planted_difference_is_found_with_its_sign_and_its_interval_covers(tell):
    groups, rng = sample_sources(), np.random.default_rng(0)
    a = (rng.random(len(groups)) < 0.8).astype(float)
    truth = -0.1 * float(a.mean())  # of the worse arm over the better one
    counts = np.unique(groups, return_counts=True)[1].tolist()
    (row,) = power_card(counts, discordances=[-truth], correlations=[0.0], margin=-truth).rows
    assert row.power_at_margin >= 0.95
    covered = found = 0
    for _ in range(200):
        worse = a * (rng.random(len(a)) >= 0.1)
        comparison = PairedComparison(
            "damaged", "whole", "linear", "accuracy", groups, ClipOutcomes(worse, a), family="primary"
        )
        (verdict,) = judge([comparison], Settings(resamples=99)).verdicts
        covered += verdict.interval.low <= truth <= verdict.interval.high
        found += verdict.word == "worse"
    tell(rate="planted difference", runs=200, power_card=row.power_at_margin, found=found, covered=covered)
    assert covered >= 180
    assert found >= stats.binom.ppf(0.001, 200, 0.95)


@pytest.mark.soak
@pytest.mark.parametrize(
    "metric", ["accuracy", "scores", "macro-F1", "WER", "mAP of 20 tags", "V-measure", "AMI"]
)
def test_soak_ten_thousand_resamples_of_two_thousand_clips(tell, metric):
    rng, groups = np.random.default_rng(0), [f"s{index // 5}" for index in range(2000)]
    truth, tags = rng.integers(0, 20, 2000), rng.random((2000, 20)) < 0.1
    said = [np.where(rng.random(2000) < right, truth, rng.integers(0, 20, 2000)) for right in (0.7, 0.65)]
    right = [(answer == truth).astype(float) for answer in said]
    names = [answer.astype(str) for answer in said]
    observed = {
        "accuracy": ClipOutcomes(*right),
        "scores": ClipOutcomes(*rng.random((2, 2000))),
        "macro-F1": Answers(truth.astype(str), *names),
        "WER": WordErrors(*(rng.binomial(12, 0.2, 2000) for _ in "ab"), np.full(2000, 12)),
        "mAP of 20 tags": TagScores(tags, *(tags + rng.normal(size=tags.shape) for _ in "ab")),
        "V-measure": Clusterings(truth.astype(str), *said),
        "AMI": Clusterings(truth.astype(str), *said, "ami"),
    }[metric]
    comparison = PairedComparison("a", "b", "task", metric, groups, observed)
    found = judge([comparison], Settings(permutations=10_000, resamples=10_000))
    tell(rate="seconds", metric=metric, clips=2000, sources=400, resamples=10_000, value=found.seconds[0])
    assert found.verdicts[0].interval is not None


def test_a_confidence_sequence_covers_at_every_look(tell):
    rng, missed, runs = np.random.default_rng(1), 0, RUNS // 10
    for _ in range(runs):
        sizes = sizes_of(rng, 40, (1, 5))
        sums = unequal_arms(rng, sizes, 0.4, 0.2, LIKENESS)
        found = anytime(sums, sizes, largest=5, right_or_wrong=True)
        missed += max(found.low) > 0.2 or min(found.high) < 0.2
    tell(rate="a confidence sequence misses somewhere", runs=runs, value=missed / runs)
    assert missed <= stats.binom.ppf(0.9995, runs, 0.05)
