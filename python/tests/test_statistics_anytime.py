"""The e-process and the confidence sequence: formulas, and what a stream of sources may do to them."""

from itertools import product
from math import comb

import numpy as np
import pytest

from gama_operations.errors import InvalidRequestError
from gama_operations.statistics_anytime import BETS, _in_past_units, _of_sources, anytime


def test_single_clips_follow_the_beta_mixture_over_discordant_pairs():
    steps = [1, 0, 1, -1, 1, 1, 0, 1, 1]
    found = anytime(steps, [1] * 9, largest=1, right_or_wrong=True)
    only_a = pairs = 0
    for step, e in zip(steps, found.e, strict=True):
        only_a, pairs = only_a + (step > 0), pairs + (step != 0)
        assert e == pytest.approx(2**pairs / ((pairs + 1) * comb(pairs, only_a)))
    assert found.method == "beta mixture over discordant pairs"


def test_sources_multiply_the_wealth_of_each_bet():
    sums, sizes = [2.0, -1.0, 3.0, 0.0], [4, 2, 5, 1]
    found = anytime(sums, sizes, largest=5, right_or_wrong=True)
    wealth = np.ones(len(BETS))
    for total, e in zip(sums, found.e, strict=True):
        wealth *= np.exp(BETS * total) / np.cosh(BETS * total)
        assert e == pytest.approx(wealth.mean())


def test_over_all_signs_the_wealth_is_one_on_average_and_reaches_the_bound_seldom():
    sums = np.array([3.0, 1.0, 2.0, 5.0, 1.0, 4.0, 2.0, 2.0, 1.0, 3.0])
    arrangements = sums * np.array(list(product((1, -1), repeat=10)))
    for steps in (arrangements, np.array([_in_past_units(row) for row in arrangements])):
        wealth = np.exp(_of_sources(steps))
        assert wealth.mean(axis=0) == pytest.approx(np.ones(10))
        assert 0 < (wealth.max(axis=1) >= 5).mean() <= 0.2


def test_the_scale_of_scores_does_not_matter():
    sums = np.random.default_rng(1).normal(0.5, 1, 40) / 10
    found, tiny = (anytime(sums * scale, [1] * 40, largest=1) for scale in (1, 1e-6))
    assert found.e == pytest.approx(tiny.e)
    assert found.e[0] == 1.0  # nothing is known before the first source


def test_a_clear_difference_stops_the_run_and_leaves_zero_out():
    found = anytime([3.0] * 60, [4] * 60, largest=4, right_or_wrong=True)
    assert found.rejected_at is not None
    assert found.rejected_at < 15
    assert found.e[found.rejected_at - 1] >= 20 > found.e[found.rejected_at - 2]
    assert found.low[-1] > 0


def test_a_confidence_sequence_only_shrinks_and_holds_the_mean():
    rng = np.random.default_rng(0)
    sizes = rng.integers(1, 6, 400)
    sums = [rng.choice([-1, 0, 1], size, p=[0.1, 0.6, 0.3]).sum() for size in sizes]
    found = anytime(sums, sizes, largest=5)
    assert (np.diff(found.low) >= 0).all()
    assert (np.diff(found.high) <= 0).all()
    assert found.low[-1] <= 0.2 <= found.high[-1]
    assert (found.low[0], found.high[0]) == (-1, 1)
    assert found.high[-1] - found.low[-1] < 0.4


def test_numbers_beyond_the_doubles_do_not_overflow():
    found = anytime([1] * 1100, [1] * 1100, largest=1, right_or_wrong=True)
    assert np.isfinite(found.e).all()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([], [], 1), "a size per source"),
        (([1.0], [1, 1], 1), "a size per source"),
        (([1.0], [3], 2), "sizes from 1 to `largest` = 2"),
        (([3.0], [2], 2), "between -1 and 1"),
        (([float("nan")], [2], 2), "between -1 and 1"),
        (([1.0], [2], 2, 1.0), "`alpha` between 0 and 1"),
    ],
)
def test_what_is_no_stream_of_bounded_differences_is_an_invalid_request(arguments, says):
    sums, sizes, largest, *alpha = arguments
    with pytest.raises(InvalidRequestError, match=says):
        anytime(sums, sizes, largest=largest, **({"alpha": alpha[0]} if alpha else {}))
