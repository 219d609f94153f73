"""Corrections for several comparisons, against statsmodels and by simulation."""

import numpy as np
import pytest
from scipy.stats import norm
from statsmodels.stats.multitest import multipletests

from gama_operations.statistics_families import benjamini_hochberg, holm


@pytest.mark.parametrize("count", [1, 2, 5, 40])
def test_corrections_are_those_of_statsmodels(count):
    p_values = (np.random.default_rng(count).random(count) ** 3).tolist()
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])
    assert benjamini_hochberg(p_values) == pytest.approx(multipletests(p_values, method="fdr_bh")[1])


def test_no_comparison_needs_no_correction():
    assert holm([]) == []
    assert benjamini_hochberg([]) == []


def test_questions_of_one_comparison_cost_nothing_since_one_of_them_can_be_true_only():
    assert holm([0.03, 0.2, 0.001], ["x", "x", "x"]) == [0.03, 0.2, 0.001]
    # two comparisons with two questions each: the divisor is 2, and 1 once both of one are answered
    assert holm([0.01, 0.02, 0.03, 0.2], ["x", "x", "y", "y"]) == pytest.approx([0.02, 0.04, 0.04, 0.2])
    assert holm([0.01, 0.02, 0.03, 0.9], ["x", "x", "y", "y"])[3] == pytest.approx(0.9)


def test_adjusted_values_rise_with_the_plain_ones():
    found = holm([0.011, 0.02, 0.012], ["x", "y", "z"])
    assert found == pytest.approx([0.033, 0.033, 0.033])


def test_false_words_about_any_of_five_comparisons_stay_below_the_level():
    rng, runs, errors = np.random.default_rng(0), 4000, 0
    # three without a difference, two exactly at the margin: one true null hypothesis each
    truth = np.array([0, 0, 0, 3, 3])
    estimates = truth + rng.normal(size=(runs, 5))
    p_values = np.stack(
        (2 * norm.sf(np.abs(estimates)), norm.cdf(estimates - 3), norm.sf(estimates + 3)), axis=2
    ).reshape(runs, 15)
    is_true = np.stack((truth == 0, truth == 3, truth < 0), axis=1).ravel()
    belongs = np.repeat(np.arange(5), 3).tolist()
    for row in p_values:
        errors += bool((np.array(holm(row.tolist(), belongs))[is_true] <= 0.05).any())
    assert 0.02 * runs <= errors <= 0.06 * runs, errors
