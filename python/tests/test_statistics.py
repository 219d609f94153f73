"""Intervals and tests by source, against simulation, statsmodels and enumeration. Seeds are fixed.

GRYM_SOAK=1 adds the long form: more repetitions over more numbers of sources, each rate printed as a line of
JSON.
"""

import json
from itertools import product

import numpy as np
import pytest
from scipy import stats
from statsmodels.api import OLS

from gama_operations.errors import InvalidRequestError
from gama_operations.statistics import cluster_interval, compare_paired
from gama_operations.statistics_sources import MIN_SOURCES

# Standard deviations of the source and of the clip: intra-class correlation .33
SOURCE_SD, CLIP_SD = 1.0, 2**0.5


def sources_and_clips(rng, sources, clips_per_source):
    """Names of the sources, clip by clip; sizes vary when `clips_per_source` is a range."""
    low, high = clips_per_source
    sizes = rng.integers(low, high + 1, sources)
    return np.repeat([f"s{index}" for index in range(sources)], sizes), sizes


def correlated(rng, sizes, mean=0.0):
    """Outcomes whose clips share the effect of their source."""
    of_source = np.repeat(rng.normal(0, SOURCE_SD, len(sizes)), sizes)
    return mean + of_source + rng.normal(0, CLIP_SD, sizes.sum())


def naive_interval(outcomes, level=0.95):
    """What one would print if clips were independent."""
    half = stats.t.ppf((1 + level) / 2, len(outcomes) - 1) * outcomes.std(ddof=1) / len(outcomes) ** 0.5
    return outcomes.mean() - half, outcomes.mean() + half


def within_binomial(hits, runs, rate, tail=0.0005):
    """Whether so many hits are no surprise at that rate (two-sided, 1 in 1,000)."""
    return stats.binom.ppf(tail, runs, rate) <= hits <= stats.binom.ppf(1 - tail, runs, rate)


@pytest.mark.parametrize(("sources", "clips"), [(20, (5, 5)), (40, (2, 8)), (60, (1, 15))])
def test_the_interval_covers_at_its_level_where_clips_of_a_source_are_alike(sources, clips):
    rng, runs = np.random.default_rng(sources), 1000
    covered = naive = 0
    for _ in range(runs):
        groups, sizes = sources_and_clips(rng, sources, clips)
        outcomes = correlated(rng, sizes, mean=3.0)
        interval, _ = cluster_interval(outcomes, groups)
        covered += interval.low <= 3.0 <= interval.high
        low, high = naive_interval(outcomes)
        naive += low <= 3.0 <= high
    assert within_binomial(covered, runs, 0.95), covered
    assert naive < 0.85 * runs, naive  # independent clips are a fiction that costs ten points and more


def test_the_interval_covers_for_accuracies_and_for_another_level():
    rng, runs = np.random.default_rng(7), 1000
    covered = 0
    for _ in range(runs):
        groups, sizes = sources_and_clips(rng, 40, (3, 7))
        # beta(1.4, 0.6): mean .7, intra-class correlation 1 / (1 + 2) = .33
        right = rng.random(sizes.sum()) < np.repeat(rng.beta(1.4, 0.6, 40), sizes)
        interval, _ = cluster_interval(right, groups, 0.8)
        covered += interval.low <= 0.7 <= interval.high
    assert within_binomial(covered, runs, 0.8), covered


def test_the_interval_of_equal_sources_is_that_of_their_means_and_of_statsmodels():
    rng = np.random.default_rng(1)
    groups, sizes = sources_and_clips(rng, 12, (4, 4))
    outcomes = correlated(rng, sizes)
    interval, reason = cluster_interval(outcomes, groups)
    assert reason is None
    assert interval.method == "cluster jackknife, t(11)"
    assert interval.level == 0.95
    means = outcomes.reshape(12, 4).mean(axis=1)
    expected = stats.t.interval(0.95, 11, means.mean(), stats.sem(means))
    assert (interval.low, interval.high) == pytest.approx(expected, rel=1e-12)
    # for one coefficient and equal sources its small-sample factor is the jackknife's, G / (G - 1)
    codes = np.unique(groups, return_inverse=True)[1]
    fit = OLS(outcomes, np.ones(48)).fit(cov_type="cluster", cov_kwds={"groups": codes}, use_t=True)
    assert (interval.low, interval.high) == pytest.approx(tuple(fit.conf_int()[0]), rel=1e-9)


def test_the_interval_of_unequal_sources_is_that_of_leaving_each_out():
    rng = np.random.default_rng(2)
    groups, sizes = sources_and_clips(rng, 15, (1, 9))
    outcomes = correlated(rng, sizes)
    left_out = np.array([outcomes[groups != name].mean() for name in np.unique(groups)])
    error = (14 / 15 * ((left_out - left_out.mean()) ** 2).sum()) ** 0.5
    interval, _ = cluster_interval(outcomes, groups)
    half = stats.t.ppf(0.975, 14) * error
    assert interval.low == pytest.approx(outcomes.mean() - half)
    assert interval.high == pytest.approx(outcomes.mean() + half)


def test_the_interval_of_a_proportion_stays_between_zero_and_one():
    groups = np.repeat(np.arange(12), 3).astype(str)
    right = np.ones(36)
    right[0] = 0
    interval, _ = cluster_interval(right, groups)
    assert interval.high == 1.0
    interval, _ = cluster_interval(right * 2, groups)  # no proportion
    assert interval.high > 2.0


def test_a_difference_on_one_side_only_may_end_on_the_other():
    a, b = np.ones(40), np.where(np.arange(40) < 3, 0.0, 1.0)
    groups = [f"source {at // 2}" for at in range(40)]
    found = compare_paired(a, b, groups).interval
    error = stats.sem((a - b).reshape(20, 2).mean(axis=1))
    half = float(stats.t.ppf(0.975, 19)) * error
    assert (found.low, found.high) == pytest.approx((0.075 - half, 0.075 + half))
    assert found.low < 0


@pytest.mark.parametrize("sources", [1, 2, MIN_SOURCES - 1])
def test_below_ten_sources_stands_the_count_in_place_of_interval_and_test(sources):
    groups = [f"s{index % sources}" for index in range(200)]
    outcomes = np.random.default_rng(0).random(200)
    interval, reason = cluster_interval(outcomes, groups)
    assert interval is None
    assert reason == f"no interval: {sources} source(s), at least 10 are needed"
    result = compare_paired(outcomes, outcomes / 2, groups)
    assert (result.interval, result.p_value, result.test) == (None, None, None)
    assert result.reason == f"no interval and no test: {sources} source(s), at least 10 are needed"
    assert result.difference == pytest.approx(outcomes.mean() / 2)


def test_where_nothing_varies_there_is_no_interval_of_width_zero():
    groups = np.repeat(np.arange(12), 3).astype(str)
    interval, reason = cluster_interval(np.full(36, 0.1), groups)
    assert interval is None
    assert reason == "no interval: the mean is the same in all 12 sources, so nothing varies"
    same = compare_paired(np.ones(36), np.ones(36), groups)
    assert (same.difference, same.interval, same.p_value) == (0.0, None, 1.0)
    assert same.reason == reason


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([], []), "at least one clip"),
        (([1.0, 0.0], ["a"]), "one group per outcome, got 1 groups for 2"),
        (([1.0, float("nan")], ["a", "b"]), "finite outcomes, got nan for clip 1"),
        (([1.0, float("inf")], ["a", "b"]), "finite outcomes"),
        (([1.0, 0.0], ["a", "b"], 1.0), "`level` between 0 and 1"),
    ],
)
def test_what_is_no_sample_of_outcomes_is_an_invalid_request(arguments, says):
    with pytest.raises(InvalidRequestError, match=says):
        cluster_interval(*arguments)


def test_a_comparison_needs_as_many_outcomes_in_both_arms_and_a_permutation():
    with pytest.raises(InvalidRequestError, match="got 2 and 1"):
        compare_paired([1, 2], [1], ["a", "b"])
    with pytest.raises(InvalidRequestError, match="finite outcomes"):
        compare_paired([1, 2], [1, float("nan")], ["a", "b"])
    with pytest.raises(InvalidRequestError, match="permutations"):
        compare_paired([1, 2], [1, 2], ["a", "b"], permutations=0)


def test_a_comparison_counts_and_averages_clips():
    groups = np.repeat(np.arange(10), 2).astype(str)
    a = np.array([1] * 12 + [0] * 8)
    b = np.array([1] * 6 + [0] * 10 + [1] * 4)
    result = compare_paired(a, b, groups)
    assert (result.mean_a, result.mean_b) == (0.6, 0.5)
    assert result.difference == pytest.approx(0.1)
    assert (result.only_a, result.only_b) == (6, 4)
    assert (result.clips, result.sources) == (20, 10)
    assert result.interval == cluster_interval(a - b, groups)[0]


def test_the_exact_test_is_the_enumeration_of_all_flips():
    rng = np.random.default_rng(3)
    groups, sizes = sources_and_clips(rng, 10, (1, 6))
    difference = correlated(rng, sizes, mean=0.8)
    result = compare_paired(difference, np.zeros_like(difference), groups)
    sums = np.array([difference[groups == name].sum() for name in np.unique(groups)])
    flipped = np.array([(np.array(signs) * sums).sum() for signs in product((1, -1), repeat=10)])
    expected = (np.abs(flipped) >= abs(sums.sum()) - 1e-9).mean()
    assert result.p_value == pytest.approx(expected)
    assert result.test == "sign flips of whole sources, two-sided (exact, 2^10 flips)"


def test_enumeration_stops_where_it_takes_more_flips_than_asked_for():
    rng = np.random.default_rng(4)
    groups, sizes = sources_and_clips(rng, 10, (3, 3))
    difference, zeros = correlated(rng, sizes, mean=0.4), np.zeros(30)
    exact = compare_paired(difference, zeros, groups, permutations=1023)
    drawn = compare_paired(difference, zeros, groups, permutations=1022)
    assert "exact" in exact.test
    assert drawn.test == "sign flips of whole sources, two-sided (Monte-Carlo, 1022 flips)"
    assert drawn.p_value == pytest.approx(exact.p_value, abs=0.05)
    assert drawn == compare_paired(difference, zeros, groups, permutations=1022)
    assert drawn.p_value != compare_paired(difference, zeros, groups, permutations=1022, seed=1).p_value


def test_a_drawn_p_value_is_never_zero():
    groups = np.repeat(np.arange(40), 2).astype(str)
    scores = np.random.default_rng(0).uniform(0.9, 1, 80)  # no common step
    result = compare_paired(scores, np.zeros(80), groups, permutations=99)
    assert result.p_value == 1 / 100  # the observed arrangement counts


def rejections(runs, seed, effect, sources, clips=(1, 9)):
    """How often a true difference of `effect` is called significant at .05."""
    rng, rejected = np.random.default_rng(seed), 0
    for _ in range(runs):
        groups, sizes = sources_and_clips(rng, sources, clips)
        a = correlated(rng, sizes, mean=effect)
        rejected += compare_paired(a, np.zeros_like(a), groups, permutations=199).p_value <= 0.05
    return rejected


@pytest.mark.parametrize("sources", [10, 25, 60])
def test_the_test_does_not_exceed_its_level_where_there_is_no_difference(sources):
    runs = 600
    assert rejections(runs, sources, 0.0, sources) <= stats.binom.ppf(0.999, runs, 0.05)


def test_on_the_same_data_a_test_by_clip_exceeds_its_level():
    rng, runs, rejected = np.random.default_rng(5), 600, 0
    for _ in range(runs):
        _, sizes = sources_and_clips(rng, 25, (1, 9))
        rejected += stats.ttest_1samp(correlated(rng, sizes), 0).pvalue <= 0.05
    assert rejected > 0.12 * runs, rejected


def test_power_rises_with_the_effect_and_with_the_sources():
    runs = 150
    by_effect = [rejections(runs, 11, effect, 25) for effect in (0.0, 0.4, 0.8, 1.2)]
    assert by_effect == sorted(by_effect)
    assert by_effect[-1] > 0.9 * runs
    assert rejections(runs, 11, 0.6, 60) > rejections(runs, 11, 0.6, 12) + 0.2 * runs


soak = pytest.mark.soak
SOAK_SOURCES = (10, 12, 15, 20, 30, 60, 120)


@pytest.fixture
def tell(capsys):
    """Prints one line of JSON past pytest's capture."""

    def line(**numbers):
        with capsys.disabled():
            print(f"\n{json.dumps(numbers)}", end="", flush=True)  # noqa: T201 # the numbers are the point

    return line


def draw(rng, kind, sizes):
    """Outcomes with a known mean, which is .7 for `accuracy` and 3 for `gaussian`."""
    if kind == "gaussian":
        return correlated(rng, sizes, mean=3.0), 3.0
    # beta(1.4, 0.6): intra-class correlation 1 / (1 + 2) = .33
    return (rng.random(sizes.sum()) < np.repeat(rng.beta(1.4, 0.6, len(sizes)), sizes)).astype(float), 0.7


@soak
@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
@pytest.mark.parametrize("kind", ["gaussian", "accuracy"])
@pytest.mark.parametrize("sources", SOAK_SOURCES)
def test_soak_the_interval_covers_at_its_level(tell, sources, kind, level):
    rng, runs, covered, naive = np.random.default_rng(sources), 4000, 0, 0
    for _ in range(runs):
        groups, sizes = sources_and_clips(rng, sources, (1, 9))
        outcomes, truth = draw(rng, kind, sizes)
        interval, _ = cluster_interval(outcomes, groups, level)
        covered += interval is not None and interval.low <= truth <= interval.high
        low, high = naive_interval(outcomes, level)
        naive += low <= truth <= high
    tell(
        rate="coverage", outcomes=kind, sources=sources, level=level, value=covered / runs, naive=naive / runs
    )
    # few sources of unequal size and skewed accuracies: measured, it falls short by less than this
    assert abs(covered / runs - level) < (0.03 if sources >= 20 else 0.04), covered


@soak
@pytest.mark.parametrize("kind", ["gaussian", "accuracy"])
@pytest.mark.parametrize("sources", SOAK_SOURCES)
def test_soak_the_test_does_not_exceed_its_level(tell, sources, kind):
    rng, runs, rejected = np.random.default_rng(1000 + sources), 3000, 0
    for _ in range(runs):
        groups, sizes = sources_and_clips(rng, sources, (1, 9))
        (a, _), (b, _) = draw(rng, kind, sizes), draw(rng, kind, sizes)
        rejected += compare_paired(a, b, groups, permutations=199).p_value <= 0.05
    tell(rate="false alarms", outcomes=kind, sources=sources, level=0.05, runs=runs, value=rejected / runs)
    assert rejected <= stats.binom.ppf(0.999, runs, 0.05), rejected


@soak
@pytest.mark.parametrize("sources", SOAK_SOURCES)
def test_soak_power_rises_with_the_effect(tell, sources):
    powers = []
    for effect in (0.0, 0.2, 0.4, 0.8):
        powers.append(rejections(1000, 2000 + sources, effect, sources) / 1000)
        tell(rate="power", sources=sources, effect=effect, level=0.05, runs=1000, value=powers[-1])
    assert powers == sorted(powers)
    assert powers[-1] > powers[0] + 0.2
