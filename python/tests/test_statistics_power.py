"""The power card, against enumeration, statsmodels and its own inverse."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower

from gama_operations.errors import InvalidRequestError
from gama_operations.statistics_flips import sign_flip_test
from gama_operations.statistics_pairs import intraclass_correlation, mcnemar
from gama_operations.statistics_power import (
    MOST_SIMULATED,
    _flipped,
    pilot,
    power_card,
    power_of_pairs,
    power_of_sources,
    simulated_power,
)
from gama_operations.statistics_sources import sources_of


@pytest.mark.parametrize(
    ("clips", "discordance", "expected"), [(100, 0.1, 8.24), (400, 0.2, 6.22), (2000, 0.2, 2.80)]
)
def test_single_clips_resolve_what_enumeration_says(clips, discordance, expected):
    card = power_card([1] * clips, discordances=[discordance])
    assert 100 * card.rows[0].resolves == pytest.approx(expected, abs=0.01)
    assert card.method == "mid-p McNemar, enumerated"


def test_the_power_of_pairs_is_the_sum_over_all_tables():
    clips, discordance, difference = 40, 0.4, 0.2
    total = 0.0
    for pairs in range(clips + 1):
        share = (discordance + difference) / (2 * discordance)
        for only_a in range(pairs + 1):
            if mcnemar(only_a, pairs - only_a).mid_p <= 0.05:
                total += stats.binom.pmf(pairs, clips, discordance) * stats.binom.pmf(only_a, pairs, share)
    assert power_of_pairs(clips, discordance, difference, 0.05) == pytest.approx(total, abs=1e-8)


@pytest.mark.parametrize(("clips", "discordance"), [(100, 0.3), (300, 0.1), (300, 0.2), (1000, 0.1)])
def test_mid_p_keeps_its_level_from_thirty_discordant_pairs_on(clips, discordance):
    assert 0.035 < power_of_pairs(clips, discordance, 0, 0.05) < 0.06


def test_the_formula_for_equal_sources_is_that_of_statsmodels():
    sizes = np.full(30, 5.0)
    discordance, correlation, difference = 0.3, 0.2, 0.12
    spread = ((discordance - difference**2) * (1 + 4 * correlation) / 5) ** 0.5  # of a source's mean
    expected = TTestPower().power(difference / spread, 30, 0.05)
    found = power_of_sources(sizes, discordance, correlation, difference, 0.05)
    assert found == pytest.approx(expected, rel=1e-6)
    assert power_of_sources(sizes, 0.3, 0.2, 0.0, 0.05) == pytest.approx(0.05, rel=1e-6)


def test_the_quick_p_of_simulated_studies_is_that_of_the_exact_flips():
    rng = np.random.default_rng(0)
    sums = rng.integers(-2, 3, (400, 20)).astype(float) + (rng.random((400, 20)) < 0.2)
    exact = np.array([sign_flip_test(row, unit=1.0, clips=20)[0] for row in sums])
    near = (exact > 0.01) & (exact < 0.2)
    assert near.sum() > 30
    assert np.abs(_flipped(sums) - exact)[near].max() < 0.003
    assert _flipped(np.zeros((1, 20)))[0] == 1


def test_the_formula_takes_over_where_it_agrees_with_the_simulation():
    sizes = np.resize([3.0, 4.0], MOST_SIMULATED)
    for discordance, correlation in ((0.2, 0.0), (0.3, 0.33)):
        difference = 2.8 * (discordance * (1 + 2.5 * correlation) / sizes.sum()) ** 0.5
        drawn = simulated_power(sizes, discordance, correlation, difference, 0.05)
        formula = power_of_sources(sizes, discordance, correlation, difference, 0.05)
        assert drawn == pytest.approx(formula, abs=0.04)


def test_what_is_resolved_is_found_with_the_asked_power():
    sizes = [1, 15, 7, 7, 3, 2] * 6
    card = power_card(sizes, power=0.9, discordances=[0.2, 0.3])
    assert card.method == "sign flips of whole sources, 1000 simulated studies"
    for row in card.rows:
        found = simulated_power(np.array(sizes, float), row.discordance, row.correlation, row.resolves, 0.05)
        assert found == pytest.approx(0.9, abs=0.01)
    assert power_card([3, 4] * 150).method == "noncentral t(299)"


def test_a_margin_is_answered_with_its_power_and_the_sources_it_needs():
    sizes = [4] * 30
    card = power_card(sizes, discordances=[0.2], correlations=[0.1], margin=0.05)
    (row,) = card.rows
    assert row.power_at_margin < 0.8
    assert row.sources_needed > 30
    enough = power_card([4] * row.sources_needed, discordances=[0.2], correlations=[0.1], margin=0.05).rows[0]
    fewer = power_card([4] * (row.sources_needed - 1), discordances=[0.2], correlations=[0.1], margin=0.05)
    assert fewer.rows[0].power_at_margin < 0.8 <= enough.power_at_margin
    single = power_card([1] * 500, discordances=[0.2], margin=0.05).rows[0]
    assert power_of_pairs(single.sources_needed, 0.2, 0.05, 0.05) >= 0.8


def test_what_cannot_be_seen_is_said():
    (row,) = power_card([1] * 12, discordances=[0.1], margin=0.2).rows
    assert (row.resolves, row.sources_needed) == (
        None,
        None,
    )  # a difference above the discordance there is not
    few = power_card([100] * 9)
    assert (few.rows, few.reason) == ([], "9 source(s), at least 10 are needed")


def test_a_pilot_tells_nothing_about_which_arm_is_better():
    rng = np.random.default_rng(0)
    groups = [f"s{index // 5}" for index in range(5000)]
    of_source = np.repeat(rng.random(1000) < 0.5, 5)  # half of the clips follow their source
    follows = rng.random(5000) < 0.33**0.5
    step = np.where(follows, of_source, rng.random(5000) < 0.5) * 2 - 1
    differs = rng.random(5000) < 0.3
    a, b = np.where(differs & (step > 0), 1.0, 0.0), np.where(differs & (step < 0), 1.0, 0.0)
    found = pilot(a, b, groups)
    assert found == pilot(b, a, groups)
    assert found.discordance == pytest.approx(differs.mean())
    assert found.clips == 5000
    expected = intraclass_correlation(a - b, sources_of(groups))
    assert found.correlation == pytest.approx(expected, abs=0.01)
    assert pilot([1.0, 0.0], [0.0, 0.0], ["x", "y"]).correlation is None


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"sizes": []}, "at least one source"),
        ({"sizes": [3, 0]}, "at least one clip"),
        ({"discordances": [0.0]}, "`discordances` above 0"),
        ({"correlations": [1.5]}, "`correlations` from 0 to 1"),
        ({"margin": 1.0}, "`margin` between 0 and 1"),
        ({"alpha": 0.9}, "0 < `alpha` < `power` < 1"),
    ],
)
def test_assumptions_outside_their_ranges_are_invalid_requests(more, says):
    with pytest.raises(InvalidRequestError, match=says):
        power_card(**{"sizes": [2] * 20, **more})
