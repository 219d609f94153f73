"""A model against the best plain baseline on one probe set, with every choice made on training folds.

The baseline is chosen in the two ways that one may ask for: on training folds like the model, and, most
strictly, as the one of the four that is best on the very clips of the test.
"""

from collections.abc import Mapping
from typing import Any

from gama_operations.models.registry import load
from gama_operations.probes import ProbeOutcome
from training.evaluate.chosen import Candidate, Chosen, choose, judge
from training.evaluate.embedded import POOLINGS, baseline_candidates, candidates_of
from training.evaluate.intervals import difference, score
from training.evaluate.probe_sets import ProbeSet

TWIN_SEED = 0
Results = Mapping[Candidate, ProbeOutcome]


def probe_report(name: str, clips: ProbeSet) -> dict[str, Any]:
    """All candidates of a model, its random twin and the baselines; the chosen ones; their differences."""
    model = load(name, device="cpu")
    twin = load(name, device="cpu", weights="random", seed=TWIN_SEED)
    # a random network has lost least of its input in its first layer
    layers = (model.info.layers[0], model.info.default_layer)
    random = candidates_of(twin, f"{name}, random weights", clips)
    few = {candidate: rows for candidate, rows in random.items() if candidate.layer in layers}
    sets = (candidates_of(model, name, clips), few, baseline_candidates(clips))
    own, random, plain = (judge(candidates, clips.labels, clips.sources) for candidates in sets)
    return {"model": name, "revision": model.info.revision} | report(own, random, plain, clips)


def report(own: Results, random: Results, plain: Results, clips: ProbeSet) -> dict[str, Any]:
    """What was found, as it is stored and printed."""
    arms = {f"{pooling}, chosen": choose(_of_pooling(own, pooling)) for pooling in POOLINGS}
    random_arm, plain_arm = choose(random), choose(plain)
    best = max(plain, key=lambda candidate: plain[candidate].accuracy)
    others = {
        "baseline chosen on training folds": plain_arm.correct,
        f"baseline best on the test: {best.name}": plain[best].correct,
        "random weights chosen on training folds": random_arm.correct,
    }
    shown = arms | {"random weights, chosen": random_arm, "baseline, chosen": plain_arm}
    return {
        "set": clips.name,
        "about": clips.about,
        "clips": len(clips.labels),
        "sources": len(set(clips.sources)),
        "classes": len(set(clips.labels)),
        "majority": round(plain[best].majority, 4),
        "chosen": [{"arm": arm, **_chosen_row(found, clips)} for arm, found in shown.items()],
        "paired": [
            {"a": arm, "b": name, **difference(_numbers(found.correct), _numbers(other), clips.sources)}
            for arm, found in arms.items()
            for name, other in others.items()
        ],
        "rows": [
            _row(candidate, judged, clips)
            for results in (own, random, plain)
            for candidate, judged in results.items()
        ],
    }


def _of_pooling(results: Results, pooling: str) -> dict[Candidate, ProbeOutcome]:
    return {candidate: judged for candidate, judged in results.items() if candidate.pooling == pooling}


def _numbers(correct: list[bool]) -> list[float]:
    return [float(right) for right in correct]


def _chosen_row(found: Chosen, clips: ProbeSet) -> dict[str, Any]:
    by_fold = [f"{choice} ({inner:.3f})" for choice, inner in zip(found.choices, found.inner, strict=True)]
    return {**score(_numbers(found.correct), clips.sources), "choices": by_fold}


def _row(candidate: Candidate, judged: ProbeOutcome, clips: ProbeSet) -> dict[str, Any]:
    return {
        "features": candidate.features,
        "layer": candidate.layer,
        "pooling": candidate.pooling,
        "probe": candidate.probe,
        **score(_numbers(judged.correct), clips.sources),
    }
