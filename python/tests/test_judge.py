"""Verdicts: what leads where, the words, the families; and that a judgement repeats to the bit."""

import json

import msgspec
import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from gama_operations import statistics_ranking
from gama_operations.clustering_watch import Watch
from gama_operations.errors import CancelledError, InvalidRequestError
from gama_operations.judge import PairedComparison, judge
from gama_operations.judge_inputs import (
    Answers,
    ClipOutcomes,
    Clusterings,
    Settings,
    TagScores,
    WordErrors,
)
from gama_operations.statistics import compare_paired
from gama_operations.statistics_pairs import mcnemar
from judge_cases import GROUPS, QUICK, SINGLE, compared, outcomes, verdict


def test_where_sources_have_several_clips_sign_flips_and_the_jackknife_lead():
    a, b = outcomes(np.random.default_rng(0), 0.4)
    found = verdict(a, b)
    plain = compare_paired(a, b, GROUPS)
    assert (found.p, found.interval, found.difference) == (plain.p_value, plain.interval, plain.difference)
    assert (found.clips, found.sources, found.only_a, found.only_b) == (160, 40, plain.only_a, plain.only_b)
    assert found.beside.bca is None
    assert found.beside.bootstrap.method == "cluster bootstrap, expanded percentiles"
    assert found.beside.mcnemar_exact == mcnemar(plain.only_a, plain.only_b).exact
    assert found.word == "better"
    assert found.sentence.startswith("one is better than two on linear, accuracy: +")


def test_where_each_source_has_one_clip_mid_p_and_bca_lead():
    a, b = outcomes(np.random.default_rng(0), 0.4)
    found = verdict(a, b, SINGLE)
    assert found.test == "mid-p McNemar, two-sided"
    assert found.p == mcnemar(found.only_a, found.only_b).mid_p
    assert found.interval.method == "BCa bootstrap by clip"
    assert found.beside.jackknife.method == "cluster jackknife, t(159)"
    scores = np.random.default_rng(1).normal(size=160)
    found = verdict(scores, scores / 2, SINGLE)
    assert found.test.startswith("sign flips")
    assert found.interval.method == "BCa bootstrap by clip"


def test_where_few_clips_differ_the_jackknife_leads_since_the_bootstrap_would_leave_0_out():
    a = np.ones(34)
    b = np.where(np.arange(34) < 3, 0.0, 1.0)
    found = verdict(a, b, [f"clip {at}" for at in range(34)])
    assert found.p == 0.125
    assert found.beside.bca.low > 0  # no draw has a clip that only the other arm has right
    assert found.interval == found.beside.jackknife
    assert found.interval.low < 0 < found.interval.high
    assert (found.word, found.reason) == ("undecided", None)


def test_what_is_better_is_not_worse_and_what_is_worse_is_not():
    everywhere = verdict(np.ones(40), np.zeros(40), [f"clip {at}" for at in range(40)])
    assert everywhere.supports == ("better", "not worse")
    claimed = verdict(np.ones(40), np.zeros(40), SINGLE[:40], margin=0.02, claim="not worse")
    assert (claimed.word, claimed.shown) == ("better", True)
    assert verdict(np.zeros(40), np.ones(40), SINGLE[:40], margin=0.02).supports == ("worse",)


def test_below_ten_sources_there_is_no_word_but_the_reason():
    a, b = outcomes(np.random.default_rng(0), 0.9)
    speakers = [f"speaker {index % 3}" for index in range(160)]
    found = verdict(a, b, speakers, margin=0.1)
    assert (found.word, found.interval, found.p, found.could_have_seen) == ("undecided", None, None, None)
    assert found.reason == "no interval and no test: 3 source(s), at least 10 are needed"
    assert found.reason in found.sentence
    answers = Answers(["x", "y"] * 80, ["x"] * 160, ["y"] * 160)
    found = judge([PairedComparison("one", "two", "t", "f1", speakers, answers)], QUICK).verdicts[0]
    assert (found.interval, found.reason) == (
        None,
        "no interval and no test: 3 source(s), at least 10 are needed",
    )


def test_a_difference_that_is_not_there_is_undecided_and_says_what_would_have_been_seen():
    rng = np.random.default_rng(3)
    a = (rng.random(160) < 0.6).astype(float)
    b = rng.permuted(a)
    found = verdict(a, b)
    assert found.word == "undecided"
    half = (found.interval.high - found.interval.low) / 2
    assert found.could_have_seen == pytest.approx(half * (1 + stats.t.ppf(0.8, 39) / stats.t.ppf(0.975, 39)))
    assert (
        f"could have seen a difference of {100 * found.could_have_seen:.1f} points or more" in found.sentence
    )


def test_no_difference_of_shares_is_beyond_a_hundred_points():
    a, b = np.ones(100), np.where(np.arange(100) % 2, 0.0, 1.0)
    found = verdict(a, b * 0, ["large"] * 50 + [f"small {at}" for at in range(50)])
    assert found.interval is None
    b[:50] = 0.0
    found = verdict(a, b, ["large"] * 50 + [f"small {at}" for at in range(50)])
    assert found.interval.high == 1.0


def test_a_difference_that_prints_as_zero_has_no_sign():
    b = np.random.default_rng(6).random(160)
    found = verdict(b - 0.0001, b + 0.0001 * (np.arange(160) % 2))
    assert found.difference < 0
    assert "accuracy: 0.0 points [0.0, 0.0], adjusted" in found.sentence


def test_identical_arms_are_equivalent_only_where_the_sources_are_many_enough():
    a, _ = outcomes(np.random.default_rng(0))
    found = verdict(a, a)
    assert (found.word, found.is_identical, found.p) == ("undecided", True, 1.0)
    assert "no interval" not in found.sentence
    assert "the arms gave the same outcome on every clip" in found.sentence
    # 40 sources without a difference: (1 - .05)^40 = .13, (1 - .1)^40 = .015
    assert verdict(a, a, margin=0.05).word == "undecided"
    assert verdict(a, a, margin=0.1).word == "equivalent"
    # one source with most of the clips may hide a difference in the others
    uneven = ["s0"] * 100 + [f"s{1 + index % 39}" for index in range(60)]
    assert verdict(a, a, uneven, margin=0.1).word == "undecided"
    # nor do scores without bounds, or a corpus metric, bound what the others might have been
    assert verdict(a * 7, a * 7, margin=0.1).word == "undecided"


def test_a_difference_that_is_the_same_in_all_sources_is_found_without_an_interval():
    found = verdict(np.ones(160), np.zeros(160))
    assert (found.word, found.interval) == ("better", None)
    assert found.reason == "no interval: the mean is the same in all 40 sources, so nothing varies"


def test_primaries_are_corrected_by_holm_and_the_others_by_benjamini_and_hochberg():
    rng = np.random.default_rng(6)
    arms = [outcomes(rng, gain) for gain in (0.12, 0.3, 0.5, 0.02, 0.15, 0.2)]
    comparisons = [
        PairedComparison(
            "one",
            "two",
            f"task {index}",
            "accuracy",
            GROUPS,
            ClipOutcomes(a, b),
            family="primary" if index < 3 else "exploratory",
        )
        for index, (a, b) in enumerate(arms)
    ]
    found = judge(comparisons, QUICK).verdicts
    plain = [each.p for each in found]
    holm, bh = multipletests(plain[:3], method="holm")[1], multipletests(plain[3:], method="fdr_bh")[1]
    assert [each.p_adjusted for each in found] == pytest.approx([*holm, *bh])
    assert [each.adjusted_by for each in found] == ["Holm"] * 3 + ["Benjamini-Hochberg"] * 3
    assert all("(exploratory)" in each.sentence for each in found[3:])
    words = ["better" if p <= 0.05 else "undecided" for p in (*holm, *bh)]
    assert [each.word for each in found] == words
    assert {"better", "undecided"} == set(words)


def corpus(rng):
    truth = rng.choice(["x", "y", "z"], 160)
    a = np.where(rng.random(160) < 0.9, truth, "x")
    b = np.where(rng.random(160) < 0.5, truth, "x")
    tags = rng.random((160, 3)) < 0.3
    scores = tags + rng.normal(0, 0.7, (160, 3)), tags * 0.3 + rng.normal(0, 0.7, (160, 3))
    clusters = [np.unique(said, return_inverse=True)[1] for said in (a, b)]
    words = rng.integers(3, 12, 160)
    return {
        "macro-F1": Answers(truth, a, b),
        "mAP": TagScores(tags, *scores),
        "WER": WordErrors(rng.binomial(words, 0.5), rng.binomial(words, 0.1), words),
        "V": Clusterings(truth, *clusters, "v_measure"),
        "ARI": Clusterings(truth, *clusters, "ari"),
        "AMI": Clusterings(truth, *clusters, "ami"),
    }


def test_corpus_metrics_have_the_jackknife_a_test_of_their_own_and_progress():
    kinds = corpus(np.random.default_rng(7))
    told = []
    watch = Watch(progress=lambda *what: told.append(what))
    found = judge(
        [PairedComparison("one", "two", "t", name, GROUPS, observed) for name, observed in kinds.items()],
        QUICK,
        watch,
    )
    for each in found.verdicts:
        assert each.interval.method == "cluster jackknife, t(39)"
        assert each.word == ("worse" if each.metric == "WER" else "better"), each
    tests = [each.test for each in found.verdicts]
    assert all("change arms" in test for test in tests[:3])
    # clusters have no names in common: nothing to exchange, and nothing to draw twice
    assert all(test == "cluster jackknife, t(39), two-sided" for test in tests[3:])
    assert [each.beside.bootstrap is None for each in found.verdicts] == [False] * 3 + [True] * 3
    assert found.verdicts[2].lower_is_better
    assert found.verdicts[2].difference > 0
    assert {stage for stage, *_ in told} == {"judge", "leave out sources", "swap sources", "resample sources"}
    assert len(found.seconds) == 6


def test_a_judgement_repeats_to_the_bit_and_says_all_in_json():
    rng = np.random.default_rng(8)
    comparisons = [
        compared(*outcomes(rng, 0.2)),
        compared(rng.normal(size=160), rng.normal(size=160), family="exploratory"),
        *(PairedComparison("one", "two", "t", name, GROUPS, it) for name, it in corpus(rng).items()),
    ]
    first, second = (judge(comparisons, QUICK).verdicts for _ in "ab")
    assert first == second
    line = msgspec.json.encode(first)
    assert json.loads(line) == json.loads(msgspec.json.encode(second))
    other = judge(comparisons, Settings(permutations=499, resamples=499, seed=1)).verdicts
    assert other[0].p == first[0].p  # counted, not drawn
    assert other[1].p != first[1].p


def test_whoever_gives_up_is_heard_between_batches():
    calls = []

    def check():
        calls.append(1)
        if len(calls) > 3:
            raise CancelledError("enough")

    observed = corpus(np.random.default_rng(9))["mAP"]
    with pytest.raises(CancelledError):
        judge([PairedComparison("one", "two", "t", "mAP", GROUPS, observed)], QUICK, Watch(check=check))


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"claim": "equivalent"}, "a `margin` for the claim `equivalent`"),
        ({"claim": "not worse"}, "a `margin` for the claim `not worse`"),
        ({"margin": 0.0}, "`margin` above 0"),
        ({"margin": float("nan")}, "`margin` above 0"),
        ({"groups": GROUPS[:-1]}, "one of `a` per group, got 160 for 159"),
        ({"settings": Settings(level=1.0)}, "`level` between 0 and 1"),
        ({"settings": Settings(alpha=0.6)}, "`alpha` below .5"),
        ({"settings": Settings(permutations=0)}, "`permutations` >= 1"),
    ],
)
def test_what_cannot_be_judged_is_an_invalid_request(more, says):
    a, b = outcomes(np.random.default_rng(0))
    with pytest.raises(InvalidRequestError, match=says):
        verdict(a, b, **more)


def test_a_primary_claim_stands_once():
    a, b = outcomes(np.random.default_rng(0))
    with pytest.raises(InvalidRequestError, match="each primary comparison once"):
        judge([compared(a, b), compared(b, a)], QUICK)


def test_where_tags_are_many_fewer_resamples_are_drawn_and_their_number_is_told(monkeypatch):
    observed = corpus(np.random.default_rng(7))["mAP"]
    monkeypatch.setattr(statistics_ranking, "_POSITIVES_WEIGHED", 1)
    monkeypatch.setattr(statistics_ranking, "_LEAST", 199)
    found = judge([PairedComparison("a", "b", "tags", "mAP", GROUPS, observed)], QUICK).verdicts[0]
    assert "Monte-Carlo, 199 swaps" in found.test
    assert found.beside.bootstrap.method.endswith(", 199 resamples")
