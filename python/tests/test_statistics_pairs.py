"""Tests and intervals by clip, against statsmodels and scipy called directly, and enumeration."""

import warnings

import numpy as np
import pytest
from pandas import DataFrame
from scipy import stats
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar

from gama_operations.errors import InvalidRequestError
from gama_operations.statistics_bootstrap import bca_interval, cluster_bootstrap, drawn_sources
from gama_operations.statistics_pairs import (
    edits,
    effect_size,
    interval_by_clip,
    intraclass_correlation,
    mcnemar,
    wilcoxon_of_sources,
)
from gama_operations.statistics_sources import sources_of


@pytest.mark.parametrize(("only_a", "only_b"), [(0, 0), (5, 5), (0, 7), (12, 3), (40, 61), (500, 400)])
def test_mcnemar_is_that_of_statsmodels_and_mid_p_takes_half_of_the_observed_off(only_a, only_b):
    found = mcnemar(only_a, only_b)
    expected = statsmodels_mcnemar([[9, only_a], [only_b, 9]], exact=True).pvalue
    assert found.exact == pytest.approx(min(1, expected), rel=1e-10)
    chances = stats.binom.pmf(np.arange(only_a + only_b + 1), only_a + only_b, 0.5)
    mid = 2 * (chances[: min(only_a, only_b)].sum() + chances[min(only_a, only_b)] / 2)
    assert found.mid_p == pytest.approx(mid)
    assert found.mid_p <= found.exact


def test_mcnemar_needs_counts():
    with pytest.raises(InvalidRequestError, match="got -1 and 2"):
        mcnemar(-1, 2)


def test_bca_is_that_of_scipy():
    difference = np.random.default_rng(0).choice([-1.0, 0.0, 1.0], 200, p=[0.1, 0.7, 0.2])
    found, reason = bca_interval(difference, level=0.9, resamples=999, seed=5)
    expected = stats.bootstrap(
        (difference,),
        np.mean,
        n_resamples=999,
        confidence_level=0.9,
        method="BCa",
        rng=np.random.default_rng(5),
    ).confidence_interval
    assert (found.low, found.high) == pytest.approx(tuple(expected), abs=0.011)  # draws differ by batches
    assert (found.method, reason) == ("BCa bootstrap by clip", None)


def test_where_no_clip_differs_there_is_a_reason_and_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found, reason = bca_interval(np.zeros(20), level=0.95, resamples=99, seed=0)
    assert found is None
    assert reason == "no interval: the difference is the same in all 20 clips, nothing varies"


def test_a_cluster_bootstrap_is_wider_than_its_plain_percentiles_and_close_to_the_normal_one():
    rng = np.random.default_rng(1)
    sums = rng.normal(2, 1, 20)
    found = cluster_bootstrap(lambda weights: weights @ sums / 20, 20, level=0.95, resamples=20_000, seed=0)
    weights = np.concatenate(list(drawn_sources(20, 20_000, 0)))
    assert (weights.sum(axis=1) == 20).all()
    low, high = np.quantile(weights @ sums / 20, (0.025, 0.975))
    assert found.low < low < high < found.high
    # expanded percentiles of a mean aim at Student's interval
    expected = stats.t.interval(0.95, 19, sums.mean(), stats.sem(sums))
    assert (found.low, found.high) == pytest.approx(expected, abs=0.05)


def test_the_intraclass_correlation_is_that_of_an_analysis_of_variance():
    rng = np.random.default_rng(2)
    sizes = rng.integers(1, 8, 40)
    groups = np.repeat([f"s{index}" for index in range(40)], sizes)
    values = np.repeat(rng.normal(0, 1, 40), sizes) + rng.normal(0, 2**0.5, sizes.sum())
    table = anova_lm(ols("y ~ C(g)", DataFrame({"y": values, "g": groups})).fit())
    between, within = table["mean_sq"]
    typical = (sizes.sum() - (sizes**2).sum() / sizes.sum()) / 39
    expected = (between - within) / (between + (typical - 1) * within)
    found = intraclass_correlation(values, sources_of(groups))
    assert found == pytest.approx(expected, rel=1e-6)
    assert intraclass_correlation(np.zeros(len(groups)), sources_of(groups)) is None
    assert intraclass_correlation(values[:9], sources_of([str(index) for index in range(9)])) is None


def test_what_stands_beside_is_what_scipy_says():
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(15), 2).astype(str)
    difference = rng.normal(0.5, 1, 30)
    sources = sources_of(groups)
    means = np.array([difference[groups == name].mean() for name in np.unique(groups)])
    assert wilcoxon_of_sources(difference, sources) == pytest.approx(stats.wilcoxon(means).pvalue)
    assert wilcoxon_of_sources(np.zeros(30), sources) is None
    ties = np.array([1.0, 1, -1, 0, 2, 2, -2, 3, 1, 0])
    each = sources_of([str(index) for index in range(10)])
    expected = stats.wilcoxon(ties, zero_method="pratt").pvalue
    assert wilcoxon_of_sources(ties, each) == pytest.approx(expected)
    assert effect_size(difference, sources) == pytest.approx(means.mean() / means.std(ddof=1))
    expected = stats.ttest_1samp(difference, 0).confidence_interval(0.9)
    found = interval_by_clip(difference, 0.9)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_edits_of_words_are_the_fewest():
    say = ["the", "cat", "sat", "on", "the", "mat"]
    assert edits(say, say) == 0
    assert edits(say, []) == 6
    assert edits([], say) == 6
    assert edits(say, ["a", "cat", "sat", "the", "big", "mat"]) == 3
