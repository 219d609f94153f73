"""Cost ratios, quantiles and drift, against scipy and enumeration; and the floor that A/A sets."""

import re
from itertools import combinations, product

import numpy as np
import pytest
from scipy import stats

from gama_operations.errors import InvalidRequestError
from gama_operations.judge_cost import Measurement, judge_cost
from gama_operations.statistics_cost import (
    drift_of,
    quantile_interval,
    ratio_of_blocks,
    ratio_of_processes,
)


def test_the_ratio_of_blocks_is_hodges_and_lehmanns_with_the_interval_of_the_signed_ranks():
    logs = np.random.default_rng(0).normal(0.1, 0.05, 12)
    found = ratio_of_blocks(logs)
    walsh = sorted((logs[i] + logs[j]) / 2 for i in range(12) for j in range(i, 12))
    assert found.ratio == pytest.approx(np.exp(np.median(walsh)))
    # the interval holds what the signed-rank test does not reject
    for edge, inside in ((found.interval.low, 1), (found.interval.high, -1)):
        kept = stats.wilcoxon(logs - np.log(edge) - inside * 1e-9, method="exact").pvalue
        lost = stats.wilcoxon(logs - np.log(edge) + inside * 1e-9, method="exact").pvalue
        assert lost <= 0.05 < kept


def test_the_test_of_blocks_is_the_enumeration_of_all_flips():
    logs = np.random.default_rng(1).normal(0.03, 0.05, 12)
    flipped = np.array(list(product((1, -1), repeat=12))) @ logs
    found = ratio_of_blocks(logs)
    assert found.p_value == pytest.approx((np.abs(flipped) >= abs(logs.sum()) - 1e-9).mean())
    assert found.test == "sign flips of blocks, two-sided (exact, 2^12 flips)"


def test_few_blocks_give_no_interval():
    found = ratio_of_blocks([0.1, 0.2, 0.1, 0.15, 0.11])
    assert found.interval is None
    assert found.reason == "no interval: 5 block(s) cannot give one of 95 %"


def test_the_ratio_of_processes_is_an_exact_permutation_with_the_interval_of_the_rank_sums():
    rng = np.random.default_rng(2)
    a, b = rng.normal(0.5, 0.2, 5), rng.normal(0, 0.2, 6)
    found = ratio_of_processes(a, b)
    pool, observed = np.append(a, b), abs(a.mean() - b.mean())
    splits = [np.isin(np.arange(11), chosen) for chosen in combinations(range(11), 5)]
    expected = np.mean([abs(pool[s].mean() - pool[~s].mean()) >= observed - 1e-12 for s in splits])
    assert found.p_value == pytest.approx(expected)
    assert "exact, 462 splits" in found.test
    assert found.ratio == pytest.approx(np.exp(np.median(np.subtract.outer(a, b))))
    for edge, inside in ((found.interval.low, 1), (found.interval.high, -1)):
        kept = stats.mannwhitneyu(a - np.log(edge) - inside * 1e-9, b, method="exact").pvalue
        lost = stats.mannwhitneyu(a - np.log(edge) + inside * 1e-9, b, method="exact").pvalue
        assert lost <= 0.05 < kept


def test_five_processes_each_can_show_a_difference_over_four_metrics_and_three_cannot():
    assert 4 * ratio_of_processes(np.arange(5) + 10.0, np.arange(5)).p_value == pytest.approx(8 / 252 * 1.0)
    three = ratio_of_processes([3.0, 3.1, 3.2], [0.0, 0.1, 0.2])
    assert three.p_value == pytest.approx(0.1)
    assert three.interval is None


@pytest.mark.parametrize(
    ("a", "b", "expected"), [([0.5], [0.0], 1), ([2.0], [0.0, 0.1, 0.2], 0.25), ([0.1], [0.0, 0.1, 0.2], 1)]
)
def test_a_single_process_can_change_places_with_each_other_one(a, b, expected):
    found = ratio_of_processes(a, b)
    assert found.p_value == pytest.approx(expected)
    assert ratio_of_processes(b, a).p_value == found.p_value
    assert found.interval is None


def test_quantiles_have_order_statistics_for_ends():
    x = np.random.default_rng(3).permutation(np.arange(1.0, 101))
    median = quantile_interval(x, 0.5)
    assert (median.value, median.low, median.high) == (50.5, 40, 61)  # as tables of the sign test have it
    assert stats.binom.cdf(39, 100, 0.5) <= 0.025 < stats.binom.cdf(40, 100, 0.5)


@pytest.mark.parametrize(("at", "needed"), [(0.95, 59), (0.99, 299)])
def test_a_tail_is_bounded_from_as_many_calls_on_as_mlperf_asks_for(at, needed):
    assert quantile_interval(np.arange(1.0, needed), at).high is None
    assert quantile_interval(np.arange(1.0, needed + 1), at).high == needed


def test_quantile_intervals_cover():
    rng, runs, covered = np.random.default_rng(4), 500, {0.5: 0, 0.95: 0}
    for _ in range(runs):
        x = rng.lognormal(size=120)
        for at in covered:
            found = quantile_interval(x, at)
            covered[at] += found.low <= np.exp(stats.norm.ppf(at)) <= found.high
    assert covered[0.5] >= 0.93 * runs
    assert covered[0.95] >= 0.9 * runs  # .025 below and .05 above, each at most


def test_drift_is_theil_and_sens_slope_over_the_run():
    seconds = np.linspace(0, 60, 50)
    found = drift_of(100 * np.exp(0.002 * seconds), seconds)
    assert found.change == pytest.approx(0.12)
    assert found.low <= found.change <= found.high
    assert drift_of([1.0, 2.0], [0.0, 1.0]) is None


def study(rng, *, ratio=1.0, blocks=20, drift=0.05, peaks=(1e8, 1e8)):
    """A/A and A/B of two arms in ABBA blocks, on a machine that gets slower."""
    rows, seconds = [], 0.0
    for phase, times in (("aa", 1.0), ("ab", ratio)):
        for block in range(blocks):
            for arm in "abba":
                seconds += 1
                value = 100 * (times if arm == "a" else 1) * np.exp(rng.normal(0, 0.03))
                value *= 1 + drift * seconds / (8 * blocks)
                rows.append(Measurement("latency", "block", phase, arm, block // 4, block, value, seconds))
        for process in range(5):
            for arm, peak in zip("ab", peaks if phase == "ab" else (1e8, 1e8), strict=True):
                value = peak * (1 + rng.normal(0, 0.002))
                rows.append(Measurement("peak memory", "process", phase, arm, process, 0, value, seconds))
    return rows


def test_arms_that_cost_the_same_are_undecided_although_the_machine_drifts():
    words = []
    for seed in range(15):
        words += [it.word for it in judge_cost(study(np.random.default_rng(seed)), a="one", b="two")]
    assert sum(word != "undecided" for word in words) <= 1


def test_a_difference_beyond_the_floor_is_found_with_its_direction():
    rows = study(np.random.default_rng(0), ratio=1.3, peaks=(1e8, 1.5e8))
    latency, peak = judge_cost(rows, a="one", b="two")
    assert (latency.word, peak.word) == ("higher", "lower")
    assert latency.interval.low < 1.3 < latency.interval.high
    assert peak.ratio == pytest.approx(1 / 1.5, rel=0.01)
    assert latency.sentence.startswith("latency of one is higher than that of two: 1.29 times [1.28,")
    assert re.search(r"times \[1\.28, 1\.\d\d\]\.$", latency.sentence)  # three figures, as in the tables
    assert 1 < latency.floor < 1.1
    assert (latency.units, peak.units) == (20, 10)
    assert [it.at for it in latency.quantiles_a] == [0.5, 0.95]
    assert latency.quantiles_a[1].high is None  # 40 calls
    assert latency.drift_b.change > 0
    assert peak.quantiles_a == []


def test_a_difference_within_the_noise_of_the_machine_is_no_claim():
    rng = np.random.default_rng(1)
    rows = [
        *(it for it in study(rng, ratio=1.04) if it.phase == "ab"),
        *(it for it in study(rng, ratio=1.04, drift=0) if it.phase == "aa"),
    ]
    noisy = [
        Measurement(it.metric, it.unit, it.phase, it.arm, it.process, it.block, it.value * factor, it.seconds)
        for it in rows
        for factor in [1.1 if it.phase == "aa" and it.arm == "a" else 1]
    ]
    latency = judge_cost(noisy, a="one", b="two")[0]
    assert latency.p_adjusted < 0.05
    assert latency.word == "undecided"
    assert "two processes of one arm differ by up to 1.1" in latency.sentence


def test_without_an_a_a_run_no_word_is_given():
    rows = [it for it in study(np.random.default_rng(0), ratio=3.0) if it.phase == "ab"]
    latency = judge_cost(rows, a="one", b="two")[0]
    assert (latency.word, latency.floor, latency.noise) == ("undecided", None, None)
    assert "no A/A run" in latency.sentence


def test_measurements_must_be_paired_and_positive():
    row = Measurement("latency", "block", "ab", "a", 0, 0, 1.0, 0.0)
    with pytest.raises(InvalidRequestError, match="both arms and one unit"):
        judge_cost([row], a="one", b="two")
    other = Measurement("latency", "block", "ab", "b", 0, 1, 1.0, 0.0)
    with pytest.raises(InvalidRequestError, match="both arms in block 0"):
        judge_cost([row, other], a="one", b="two")
    with pytest.raises(InvalidRequestError, match="above 0"):
        judge_cost([Measurement("latency", "block", "ab", "b", 0, 0, 0.0, 0.0)], a="one", b="two")
    with pytest.raises(InvalidRequestError, match="finite measurements"):
        ratio_of_blocks([])
