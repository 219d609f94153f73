"""Judging over the wire: each kind of observation becomes its comparison, and results say all."""

import base64

import numpy as np
import pytest

from gama_operations.judge import PairedComparison, judge as judge_here
from gama_operations.judge_inputs import Answers, ClipOutcomes, Clusterings, Settings, TagScores, WordErrors

GROUPS = [f"s{index // 3}" for index in range(36)]
ARMS = {"a": "one", "b": "two", "task": "linear", "groups": GROUPS}
RNG = np.random.default_rng(4)
TRUTH = [("dog", "cat", "rain")[index % 3] for index in range(36)]
WRONG = ["dog" if index % 4 == 0 else label for index, label in enumerate(TRUTH)]
TAGS = RNG.random((36, 3)) < 0.4
SCORES = [TAGS + RNG.normal(size=(36, 3)) for _ in range(2)]
FOUND = [RNG.integers(0, 4, size=36).tolist() for _ in range(2)]
RIGHT = [(RNG.random(36) < share).astype(float).tolist() for share in (0.9, 0.4)]
ERRORS = [RNG.integers(0, most, size=36).astype(float).tolist() for most in (2, 5)]


def inline(array):
    text = base64.b64encode(array.tobytes()).decode()
    return {"$t": {"dtype": str(array.dtype), "shape": list(array.shape), "base64": text}}


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ({"kind": "clips", "a": RIGHT[0], "b": RIGHT[1]}, ClipOutcomes(*RIGHT)),
        ({"kind": "answers", "truth": TRUTH, "a": TRUTH, "b": WRONG}, Answers(TRUTH, TRUTH, WRONG)),
        (
            {"kind": "word errors", "a": ERRORS[0], "b": ERRORS[1], "words": [6.0] * 36},
            WordErrors(*ERRORS, [6.0] * 36),
        ),
        (
            {"kind": "tags", "tags": TAGS.tolist(), "a": SCORES[0].tolist(), "b": SCORES[1].tolist()},
            TagScores(TAGS, *SCORES),
        ),
        (
            {
                "kind": "tags",
                "tags": inline(TAGS.astype(np.uint8)),
                "a": inline(SCORES[0]),
                "b": inline(SCORES[1]),
            },
            TagScores(TAGS, *SCORES),
        ),
        (
            {"kind": "clusters", "labels": TRUTH, "a": FOUND[0], "b": FOUND[1], "measure": "ari"},
            Clusterings(TRUTH, *FOUND, "ari"),
        ),
    ],
    ids=["clips", "answers", "word errors", "tags", "tags as tensors", "clusters"],
)
def test_what_was_observed_gives_the_verdict_of_the_statistics(process, sent, meant):
    settings = {"permutations": 199, "resamples": 199, "seed": 3}
    [found] = process.result(
        "judge", {"comparisons": [{**ARMS, "metric": "m", "observed": sent}], **settings}
    )["verdicts"]
    comparison = PairedComparison("one", "two", "linear", "m", GROUPS, meant)
    [wanted] = judge_here([comparison], Settings(**settings)).verdicts
    assert found["sentence"] == wanted.sentence
    numbers = (wanted.difference, wanted.p, wanted.could_have_seen, wanted.lower_is_better)
    assert (found["difference"], found["p"], found["could_have_seen"], found["lower_is_better"]) == numbers
    assert found["interval"]["low"] == wanted.interval.low
    assert found["beside"]["icc"] == wanted.beside.icc


def test_a_claim_is_answered_and_families_are_corrected_apart(process):
    observed = {"kind": "clips", "a": RIGHT[0], "b": RIGHT[1]}
    primary = {**ARMS, "metric": "accuracy", "observed": observed, "family": "primary"}
    asked = [
        {**primary, "claim": "not worse", "margin": 0.02},
        {**primary, "metric": "recall@1"},
        {**primary, "metric": "recall@5", "family": "exploratory"},
    ]
    result = process.result("judge", {"comparisons": asked})
    claimed, other, explored = result["verdicts"]
    assert (claimed["claim"], claimed["shown"], claimed["word"]) == ("not worse", True, "better")
    assert "not worse" in claimed["supports"]
    assert (other["claim"], other["shown"]) == (None, None)
    assert [it["adjusted_by"] for it in (claimed, explored)] == ["Holm", "Benjamini-Hochberg"]
    assert explored["p_adjusted"] == pytest.approx(explored["p"])
    assert claimed["p_adjusted"] > claimed["p"]
    assert len(result["seconds"]) == 3
    assert {"judge"} <= {phase["phase"] for phase in result["memory_usage"]["phases"]}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"claim": "equivalent"}, "margin"),
        ({"observed": {"kind": "clips", "a": RIGHT[0], "b": RIGHT[1][1:]}}, "one of `b` per group"),
        ({"observed": {"kind": "clips", "a": RIGHT[0]}}, "`b`"),
        (
            {"observed": {"kind": "tags", "tags": [[True], []], "a": [[1.0]], "b": [[1.0]]}},
            "as many features",
        ),
    ],
)
def test_what_cannot_be_judged_is_an_invalid_request(process, change, said):
    observed = {"kind": "clips", "a": RIGHT[0], "b": RIGHT[1]}
    comparison = {**ARMS, "metric": "accuracy", "observed": observed, **change}
    error = process.error("judge", {"comparisons": [comparison]})
    assert error["code"] == "invalid_request"
    assert said in error["message"]


def test_a_judgement_tells_how_far_it_is_and_can_be_given_up(process):
    long = {"kind": "answers", "truth": TRUTH, "a": TRUTH, "b": WRONG}
    comparisons = [{**ARMS, "metric": f"m{index}", "observed": long} for index in range(50)]
    data = {"comparisons": comparisons, "permutations": 1_000_000, "resamples": 1_000_000}
    asked = process.send("judge", data)
    while (event := process.receive()).get("event") != "progress":
        assert "error" not in event, event
    assert event["data"]["stage"] in ("judge", "leave out sources", "swap sources", "resample sources")
    process.send_line({"operation": "cancel", "data": {"id": asked}})
    assert process.answer(asked)["error"]["code"] == "cancelled"


def test_power_takes_its_assumptions_from_a_pilot_unless_they_are_given(process):
    sizes = [4] * 40
    pilot = {
        "a": [1, 1, 0, 1] * 3,
        "b": [1, 0, 0, 1] * 3,
        "groups": [f"s{index // 4}" for index in range(12)],
    }
    found = process.result("power", {"sizes": sizes, "pilot": pilot, "margin": 0.1})
    assert found["pilot"] == {"discordance": 0.25, "correlation": 0.0, "clips": 12}
    [row] = found["rows"]
    assert (row["discordance"], row["correlation"]) == (0.25, 0.0)
    assert 0 < row["resolves"] < 0.25
    assert (found["clips"], found["sources"], found["margin"]) == (160, 40, 0.1)
    given = process.result("power", {"sizes": sizes, "discordances": [0.1], "correlations": [0.1, 0.3]})
    assert [(row["discordance"], row["correlation"]) for row in given["rows"]] == [(0.1, 0.1), (0.1, 0.3)]
    assert given["pilot"] is None
    agreeing = {"a": [1, 0], "b": [1, 0], "groups": ["x", "y"]}
    error = process.error("power", {"sizes": sizes, "pilot": agreeing})
    assert "the pilot agree on all 2 clips" in error["message"]


def test_a_run_may_be_stopped_as_soon_as_its_evidence_suffices(process):
    data = {"sums": [1.0] * 12, "sizes": [1] * 12, "largest": 1, "right_or_wrong": True}
    found = process.result("anytime", data)
    assert found["e"][found["rejected_at"] - 1] >= 20 > found["e"][found["rejected_at"] - 2]
    assert found["low"][-1] > 0
    assert len(found["e"]) == len(found["high"]) == 12
    assert process.result("anytime", {**data, "sums": [0.0] * 12})["rejected_at"] is None
    assert process.error("anytime", {**data, "sizes": [2] * 12})["code"] == "invalid_request"


def test_a_cost_is_lower_only_beyond_what_one_arm_differs_from_itself(process):
    rng = np.random.default_rng(0)

    def measured(phase, factor):
        return [
            {
                "metric": "latency (ms)",
                "unit": "block",
                "phase": phase,
                "arm": arm,
                "process": block // 4,
                "block": block % 4,
                "value": float((factor if arm == "a" else 1) * rng.lognormal(2, 0.01)),
                "seconds": float(block),
            }
            for block in range(20)
            for arm in ("a", "b")
        ]

    data = {"measurements": measured("aa", 1) + measured("ab", 0.5), "a": "one", "b": "two"}
    [found] = process.result("judge_cost", data)["verdicts"]
    assert (found["word"], found["unit"], found["units"]) == ("lower", "block", 20)
    assert found["ratio"] == pytest.approx(0.5, rel=0.05)
    assert found["floor"] > 1
    assert found["noise"]["ratio"] == pytest.approx(1, rel=0.05)
    assert [it["at"] for it in found["quantiles_a"]] == [0.5, 0.95]
    assert found["drift_b"]["low"] < found["drift_b"]["high"]
    [alone] = process.result("judge_cost", {**data, "measurements": measured("ab", 0.5)})["verdicts"]
    assert (alone["word"], alone["floor"], alone["noise"]) == ("undecided", None, None)
    data["measurements"][0]["value"] = 0.0
    assert process.error("judge_cost", data)["code"] == "invalid_request"
