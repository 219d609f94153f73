"""Verdicts of runs that might be stopped after any source."""

from dataclasses import replace

import numpy as np
import pytest

from gama_operations.errors import InvalidRequestError
from gama_operations.judge import PairedComparison, judge
from gama_operations.judge_inputs import Answers, ClipOutcomes
from gama_operations.protocol import AnytimeRule
from gama_operations.statistics_anytime import anytime

NAMES = [f"s{(7 * index) % 40:02d}" for index in range(40)]  # drawn: not in the order of the alphabet


def outcomes(gain, sources=40, seed=0):
    """Right and wrong of two arms, one to four clips a source, in the order of the run."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(NAMES[:sources], rng.integers(1, 5, 40)[:sources])
    b = rng.random(len(groups)) < 0.4
    a = np.where(rng.random(len(groups)) < gain, True, b)
    return a.astype(float), b.astype(float), groups.tolist()


def judged(a, b, groups, largest=4, **more):
    rule = AnytimeRule(largest, right_or_wrong=True)
    comparison = PairedComparison("a", "b", "zero-shot", "accuracy", groups, ClipOutcomes(a, b), anytime=rule)
    return judge([replace(comparison, **more)]).verdicts[0]


def by_source(a, b, groups):
    names = list(dict.fromkeys(groups))
    members = [np.array(groups) == name for name in names]
    return [float((a - b)[which].sum()) for which in members], [int(which.sum()) for which in members]


def test_the_p_is_one_over_the_largest_e_in_the_order_of_the_run():
    for gain in (0.0, 0.3):
        a, b, groups = outcomes(gain)
        sums, sizes = by_source(a, b, groups)
        followed = anytime(sums, sizes, largest=4, right_or_wrong=True)
        verdict = judged(a, b, groups, family="primary", claim="superior")
        assert verdict.p == min(1, 1 / max(followed.e))
        assert (verdict.interval.low, verdict.interval.high) == (followed.low[-1], followed.high[-1])
        assert "e-process" in verdict.test
        assert verdict.shown == (gain > 0)
        assert verdict.beside.jackknife is verdict.beside.wilcoxon is verdict.beside.by_clip is None
        assert verdict.could_have_seen is None


def test_the_order_of_the_run_counts_and_not_that_of_the_names():
    a = np.repeat([1.0, 0.0], 20)  # the better arm in the first half of the run, the worse one in the second
    verdict = judged(a, 1 - a, NAMES)
    assert verdict.p < 0.001
    by_name = np.argsort(NAMES)
    assert judged(a[by_name], (1 - a)[by_name], [NAMES[at] for at in by_name]).p > 0.1


def test_the_e_process_decides_where_the_confidence_sequence_still_holds_0():
    a, b, groups = outcomes(0.2)
    verdict = judged(a, b, groups)
    assert verdict.p < 0.05
    assert verdict.interval.low < 0
    assert verdict.word == "better"
    assert "assumes less than the e-process, still holds 0" in verdict.sentence


def test_evidence_for_the_one_arm_does_not_make_the_other_better():
    a = np.repeat([1.0, 0.0], [19, 21])  # e is largest where only the first arm was ever right
    verdict = judged(a, 1 - a, NAMES)
    assert verdict.p < 0.001
    assert verdict.difference < 0
    assert (verdict.word, verdict.reason) == ("undecided", "the test and the interval disagree")


def test_two_arms_that_say_the_same_have_no_evidence():
    a, _, groups = outcomes(0.2)
    verdict = judged(a, a, groups)
    assert (verdict.p, verdict.word, verdict.is_identical) == (1, "undecided", True)


def test_below_ten_sources_there_is_neither_test_nor_interval():
    verdict = judged(*outcomes(0.9, sources=9))
    assert verdict.p is verdict.interval is verdict.beside.by_clip is None
    assert "at least 10" in verdict.reason


@pytest.mark.parametrize("change", [{"margin": 0.1}, {"largest": 1}, {"observed": "answers"}])
def test_what_does_not_hold_at_any_time_is_refused(change):
    a, b, groups = outcomes(0.2)
    if "observed" in change:
        words = [str(value) for value in a]
        change = {"observed": Answers(words, words, words)}
    with pytest.raises(InvalidRequestError):
        judged(a, b, groups, **change)
