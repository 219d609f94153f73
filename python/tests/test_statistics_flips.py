"""Sign flips of whole sources, against enumeration, scipy and statsmodels; and sums that are exact."""

from itertools import product

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar

from gama_operations.statistics import cluster_interval, compare_paired
from gama_operations.statistics_sources import on_grid, sources_of


def right_or_wrong(rng, sources, clips=(1, 15)):
    sizes = rng.integers(clips[0], clips[1] + 1, sources)
    groups = np.repeat([f"s{index}" for index in range(sources)], sizes)
    a, b = rng.random(sizes.sum()) < 0.7, rng.random(sizes.sum()) < 0.6
    return a.astype(float), b.astype(float), groups


def sums_by(groups, values):
    return np.array([values[groups == name].sum() for name in np.unique(groups)])


@pytest.mark.parametrize("seed", range(5))
def test_the_convolution_counts_what_enumeration_counts(seed):
    a, b, groups = right_or_wrong(np.random.default_rng(seed), 12)
    sums = sums_by(groups, a - b)
    flipped = np.array(list(product((1, -1), repeat=12))) @ sums
    expected = (np.abs(flipped) >= abs(sums.sum())).mean()
    found = compare_paired(a, b, groups, permutations=9)  # it takes no draws
    assert found.p_value == pytest.approx(expected, rel=1e-12)
    assert found.test == "sign flips of whole sources, two-sided (exact, 2^12 flips)"


def test_right_and_wrong_are_counted_exactly_for_any_number_of_sources():
    rng = np.random.default_rng(1)
    a, b, groups = right_or_wrong(rng, 400)
    found = compare_paired(a, b, groups)
    assert found.test == "sign flips of whole sources, two-sided (exact, 2^400 flips)"
    sums = sums_by(groups, a - b)
    drawn = stats.permutation_test(
        (sums, np.zeros_like(sums)),
        lambda x, y, axis: (x - y).sum(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=9999,
        rng=rng,
    )
    assert found.p_value == pytest.approx(drawn.pvalue, abs=0.01)


def test_with_one_clip_a_source_it_is_the_exact_test_of_mcnemar():
    rng = np.random.default_rng(2)
    for clips in (20, 100, 1000):
        a, b, groups = right_or_wrong(rng, clips, (1, 1))
        only_a, only_b = int(((a - b) > 0).sum()), int(((b - a) > 0).sum())
        table = [[0, only_a], [only_b, 0]]
        expected = statsmodels_mcnemar(table, exact=True).pvalue
        assert compare_paired(a, b, groups).p_value == pytest.approx(expected, rel=1e-9)


def test_scores_with_a_common_step_are_counted_exactly_as_well():
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(30), 4).astype(str)
    grades = rng.integers(0, 5, 120) / 4  # quarters lie on the grid
    assert "exact, 2^30" in compare_paired(grades, np.zeros(120), groups).test


def test_drawn_flips_agree_with_scipy():
    rng = np.random.default_rng(4)
    groups = np.repeat(np.arange(40), 3).astype(str)
    scores = np.repeat(rng.normal(0.15, 1, 40), 3) + rng.normal(0, 0.5, 120)
    found = compare_paired(scores, np.zeros(120), groups, permutations=19_999)
    sums = sums_by(groups, scores)
    expected = stats.permutation_test(
        (sums,),
        lambda x, axis: x.sum(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=19_999,
        rng=rng,
    )
    assert found.p_value == pytest.approx(expected.pvalue, abs=0.015)


def test_equal_differences_are_ties_although_their_decimals_are_not_equal():
    groups = [str(index) for index in range(12)]
    scores = [0.1, 0.2, 0.3] * 4  # .1 + .2 is not .3 to the last bit
    flipped = np.array(list(product((1, -1), repeat=12))) @ (np.array([1, 2, 3] * 4))
    for factor in (0.1, 1 / 3, 1e-9, 1e9):
        values = np.array(scores) * 10 * factor * np.tile([1, 1, -1], 4)
        expected = (np.abs(flipped) >= 0).mean()
        assert compare_paired(values, np.zeros(12), groups).p_value == pytest.approx(expected)


def test_p_stays_above_zero_where_two_to_the_sources_leaves_the_doubles():
    groups = [str(index) for index in range(3000)]
    found = compare_paired(np.ones(3000), np.zeros(3000), groups)
    assert 0 < found.p_value < 1e-300


def test_the_order_of_the_clips_changes_no_bit():
    rng = np.random.default_rng(5)
    _, _, groups = right_or_wrong(rng, 60)
    a, b = rng.normal(size=len(groups)) / 3, rng.normal(size=len(groups)) / 7
    found = compare_paired(a, b, groups)
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(len(groups))
        assert compare_paired(a[order], b[order], groups[order]) == found


def test_sums_on_the_grid_are_exact_whatever_the_size_of_the_numbers():
    rng = np.random.default_rng(6)
    groups = np.repeat(np.arange(100), 20).astype(str)
    sources = sources_of(groups)
    for scale in (1e-12, 1.0, 1e12):
        x = rng.normal(size=2000) * scale
        (gridded,), unit = on_grid(sources, x)
        assert np.abs(gridded - x).max() <= unit / 2
        whole = [int(value) for value in gridded / unit]  # integers of any length
        # every source drawn as often as there are sources still adds up
        assert float(gridded.sum() / unit) == sum(whole)
        assert 100 * max(abs(value) for value in sources.sums(np.abs(gridded)) / unit) < 2**53
        assert gridded == pytest.approx(x, abs=1e-9 * scale)


def test_no_number_is_a_negative_zero():
    groups = [str(index) for index in range(12)]
    found = compare_paired([-0.0] * 12, [0.0] * 12, groups)
    assert str(found.difference) == "0.0"
    interval, _ = cluster_interval([1e-30, -1.0] * 6, groups)
    assert interval is not None
