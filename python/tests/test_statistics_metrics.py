"""Corpus metrics of weighted sources, against scikit-learn on the clips themselves."""

import numpy as np
import pytest
from scipy.stats import rankdata
from sklearn import metrics as sklearn_metrics

from gama_operations import statistics_metrics as metrics
from gama_operations.errors import InvalidRequestError
from gama_operations.statistics import compare_paired
from gama_operations.statistics_corpus import (
    bootstrap_of,
    left_out_differences,
    score_of,
    swap_test,
)
from gama_operations.statistics_ranking import mean_average_precision
from gama_operations.statistics_sources import sources_of

GROUPS = np.repeat([f"s{index}" for index in range(15)], np.arange(15) % 5 + 2)
CLIPS = len(GROUPS)
SOURCES = sources_of(GROUPS)


def answers(seed):
    rng = np.random.default_rng(seed)
    truth = rng.choice(["cat", "dog", "frog", "rain"], CLIPS, p=[0.5, 0.3, 0.15, 0.05])
    said = [
        np.where(rng.random(CLIPS) < 0.6, truth, rng.choice(["cat", "dog", "unmapped"], CLIPS)) for _ in "ab"
    ]
    return truth, *said


def tags(seed):
    rng = np.random.default_rng(seed)
    is_there = rng.random((CLIPS, 6)) < [0.4, 0.2, 0.2, 0.1, 0.05, 0]
    # rounded, so that there are ties
    return is_there, *(np.round(is_there * gain + rng.normal(size=is_there.shape), 1) for gain in (1.5, 0.7))


def clusterings(seed):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 4, CLIPS)
    return truth.astype(str), np.where(rng.random(CLIPS) < 0.7, truth, -1), rng.integers(-1, 6, CLIPS)


def f1(truth, said):
    labels = np.unique(truth)
    return sklearn_metrics.f1_score(truth, said, labels=labels, average="macro", zero_division=0)


def mean_ap(is_there, scores):
    used = is_there.any(axis=0)
    return sklearn_metrics.average_precision_score(is_there[:, used], scores[:, used], average="macro")


KINDS = {
    "macro-F1": (metrics.macro_f1, answers, f1),
    "mAP": (mean_average_precision, tags, mean_ap),
    "V-measure": (metrics.v_measure, clusterings, sklearn_metrics.v_measure_score),
    "ARI": (metrics.adjusted_rand, clusterings, sklearn_metrics.adjusted_rand_score),
    "AMI": (metrics.adjusted_mutual_information, clusterings, sklearn_metrics.adjusted_mutual_info_score),
}


@pytest.mark.parametrize("kind", KINDS)
def test_scores_and_left_out_sources_are_those_of_scikit_learn(kind):
    make, draw, expected = KINDS[kind]
    for seed in range(3):
        truth, a, b = draw(seed)
        metric = make(SOURCES, truth, a, b)
        assert score_of(metric, 15) == pytest.approx((expected(truth, a), expected(truth, b)), abs=1e-10)
        left_out = [
            expected(truth[name != GROUPS], a[name != GROUPS])
            - expected(truth[name != GROUPS], b[name != GROUPS])
            for name in np.unique(GROUPS)
        ]
        assert left_out_differences(metric, 15) == pytest.approx(left_out, abs=1e-10)


@pytest.mark.parametrize("kind", ["macro-F1", "mAP"])
def test_a_weighted_source_is_its_clips_so_many_times(kind):
    make, draw, expected = KINDS[kind]
    truth, a, b = draw(7)
    metric = make(SOURCES, truth, a, b)
    weights = np.random.default_rng(0).integers(0, 4, (5, 15)).astype(float)
    of_clip = np.unique(GROUPS, return_inverse=True)[1]
    for row in range(5):
        rows = np.repeat(np.arange(CLIPS), weights[row].astype(int)[of_clip])
        assert metric.values(weights, None)[row] == pytest.approx(expected(truth[rows], a[rows]), abs=1e-10)
        assert metric.values(None, weights)[row] == pytest.approx(expected(truth[rows], b[rows]), abs=1e-10)


def test_sources_that_change_arms_take_their_answers_with_them():
    truth, a, b = answers(3)
    metric = metrics.macro_f1(SOURCES, truth, a, b)
    swapped = np.random.default_rng(0).integers(0, 2, (4, 15)).astype(float)
    of_clip = np.unique(GROUPS, return_inverse=True)[1]
    found = metric.values(1 - swapped, swapped)
    for row in range(4):
        mixed = np.where(swapped[row][of_clip] == 1, b, a)
        assert found[row] == pytest.approx(f1(truth, mixed))


def test_scores_that_change_arms_are_compared_as_ranks():
    is_there, a, b = tags(4)
    # the scale of one arm's scores must not matter, since average precision does not see it
    plain = swap_test(mean_average_precision(SOURCES, is_there, a, b), 15, permutations=499, seed=0)
    scaled = swap_test(
        mean_average_precision(SOURCES, is_there, a, np.exp(b) * 1e6), 15, permutations=499, seed=0
    )
    assert plain == scaled
    swapped = np.random.default_rng(1).integers(0, 2, (3, 15)).astype(float)
    of_clip = np.unique(GROUPS, return_inverse=True)[1]
    ranks = rankdata(a, axis=0), rankdata(b, axis=0)
    found = mean_average_precision(SOURCES, is_there, a, b).values(1 - swapped, swapped)
    for row in range(3):
        mixed = np.where(swapped[row][of_clip][:, None] == 1, ranks[1], ranks[0])
        assert found[row] == pytest.approx(mean_ap(is_there, mixed))


def test_a_swap_of_means_is_a_sign_flip():
    rng = np.random.default_rng(5)
    a, b = (rng.random(CLIPS) < 0.8).astype(float), (rng.random(CLIPS) < 0.6).astype(float)
    exact = compare_paired(a, b, GROUPS).p_value
    p_value, name = swap_test(metrics.ratio(SOURCES, a, b), 15, permutations=19_999, seed=0)
    assert p_value == pytest.approx(exact, abs=0.015)
    assert name == "whole sources change arms, two-sided (Monte-Carlo, 19999 swaps)"
    ten = np.arange(CLIPS) % 10  # whose swaps are all enumerated
    p_value, name = swap_test(metrics.ratio(sources_of(ten), a, b), 10, permutations=99, seed=0)
    assert p_value == compare_paired(a, b, ten).p_value
    assert name == "whole sources change arms, two-sided (exact, 2^10 swaps)"


def test_word_error_rates_are_sums_over_sums():
    words = np.arange(CLIPS) % 7 + 1.0
    wrong = words // 2
    metric = metrics.ratio(SOURCES, wrong, words, words)
    assert score_of(metric, 15) == pytest.approx((wrong.sum() / words.sum(), 1))
    found = bootstrap_of(metric, 15, level=0.95, resamples=400, seed=0)
    assert found.low < wrong.sum() / words.sum() - 1 < found.high


def test_scores_of_tags_must_fit_and_be_numbers():
    is_there, a, b = tags(0)
    with pytest.raises(InvalidRequestError, match="one shape"):
        mean_average_precision(SOURCES, is_there, a[:, :3], b)
    with pytest.raises(InvalidRequestError, match="lowest score of its tag"):
        mean_average_precision(SOURCES, is_there, a, np.where(b > 1, np.nan, b))
    with pytest.raises(InvalidRequestError, match="at least one clip with a tag"):
        mean_average_precision(SOURCES, is_there & False, a, b)
