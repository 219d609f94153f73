"""Verdicts against a margin: which word, which p, and that few differing clips do not refute one."""

import numpy as np

from judge_cases import verdict


def test_a_margin_makes_the_same_numbers_equivalent_or_not_worse():
    rng = np.random.default_rng(4)
    b = rng.random(160)
    a = b - 0.002 + rng.normal(0, 0.02, 160)
    assert verdict(a, b).word == "undecided"
    found = verdict(a, b, margin=0.02, claim="equivalent")
    assert (found.word, found.shown, found.supports) == ("equivalent", True, ("equivalent", "not worse"))
    assert found.margin_interval.level == 0.9
    assert -0.02 < found.margin_interval.low < found.margin_interval.high < 0.02
    # the one-sided p and the end of the interval of level 1 - 2 alpha say the same
    edge = -found.margin_interval.low
    beyond, within = (verdict(a, b, margin=edge * factor).p_not_worse for factor in (1.0001, 0.9999))
    assert beyond < 0.05 < within
    noise = rng.normal(0, 0.2, 160)
    noisy = b + 0.01 + noise - noise.mean()
    ends = verdict(noisy, b, margin=1.0).margin_interval
    assert ends.low < 0 < -ends.low < ends.high  # a margin between the ends refutes the one side only
    wide = verdict(noisy, b, margin=(ends.high - ends.low) / 2, claim="not worse")
    assert (wide.word, wide.shown) == ("not worse", True)


def test_better_by_less_than_the_margin_is_said():
    rng = np.random.default_rng(5)
    b = rng.random(160)
    found = verdict(b + 0.01 + rng.normal(0, 0.01, 160), b, margin=0.05)
    assert found.supports == ("better", "equivalent", "not worse")
    assert found.reason == "by less than the margin of 5.0 points"


def told(p):
    return "< .001" if p < 0.001 else f"= {p:.3f}"


def test_the_sentence_has_the_margin_and_the_p_of_the_question_that_its_word_answers():
    rng = np.random.default_rng(4)
    b = rng.random(160)
    noise = rng.normal(0, 0.02, 160)
    a = b + 0.002 + noise - noise.mean()
    found = verdict(a, b, margin=0.004, claim="not worse")
    assert (found.word, found.p_adjusted > 0.05) == ("not worse", True)
    assert "one is not worse than two by 0.4 points on" in found.sentence
    assert f"adjusted one-sided p {told(found.p_not_worse)}." in found.sentence
    found = verdict(a, b, margin=0.02, claim="equivalent")
    assert "one and two are equivalent within 2.0 points on" in found.sentence
    assert f"one-sided p {told(max(found.p_not_worse, found.p_not_better))}." in found.sentence
    found = verdict(a - 0.004, b, margin=0.004, claim="not worse")
    assert found.word == "undecided"
    assert f"one-sided p {told(found.p_not_worse)} against the margin of 0.4 points;" in found.sentence


def test_two_clips_that_differ_among_a_hundred_do_not_refute_a_margin_that_five_would_make():
    a, b = np.ones(100), np.where(np.arange(100) < 2, 0.0, 1.0)
    clips = [f"clip {at}" for at in range(100)]
    found = verdict(a, b, clips, margin=0.05, claim="equivalent")
    # as many or fewer, where the true difference is the margin and only one arm is ever wrong alone: .118
    assert found.p_not_better > 0.05
    assert found.supports == ("not worse",)
    scores = verdict(a / 2, b / 2, clips, margin=0.05)  # no such bound is known of scores
    assert scores.p_not_better < found.p_not_better
