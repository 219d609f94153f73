"""The two halves of an evaluation: what a model answers, and what can be read off its features."""

from typing import Any

from gama_operations.models.gama.adapter import GamaModel
from gama_operations.models.registry import load
from training.evaluate.asking import Asked, all_questions, answers, audio_prefixes, shuffled_order
from training.evaluate.clips import Clip
from training.evaluate.cost import timed
from training.evaluate.probing import PROBES, Row, baseline_rows, best, model_rows, paired
from training.evaluate.scoring import answer_rows, group_rows

TWIN_SEED = 0
EXAMPLES = 16
Costs = dict[str, dict[str, float]]


def gama(name: str, weights: str) -> GamaModel:
    """A shipped GAMA, or its random twin."""
    model: Any = load(name, device="cpu", weights=weights, seed=TWIN_SEED)  # pyright: ignore[reportArgumentType]
    if not isinstance(model, GamaModel):
        raise TypeError(f"{name} is no GAMA")
    return model


def answers_section(name: str, clips: list[Clip], blind: dict[str, str], costs: Costs) -> dict[str, Any]:
    """Scores of every question kind, for all clips and for the three unseen groups."""
    asked = all_questions(clips)
    arms: dict[str, list[str]] = {}
    model = gama(name, "trained")
    with timed(costs, "answers"):
        prefixes = audio_prefixes(model, clips)
        arms["model"] = answers(model, prefixes, asked)
    with timed(costs, "answers, shuffled audio"):
        arms["shuffled"] = answers(model, prefixes, asked, shuffled_order(len(clips)))
    with timed(costs, "answers, random weights"):
        twin = gama(name, "random")
        arms["random"] = answers(twin, audio_prefixes(twin, clips), asked)
    arms["blind"] = [blind.get(item.question, "") for item in asked]
    return {
        "answers": answer_rows(clips, asked, arms),
        "groups": group_rows(clips, asked, arms),
        "examples": _examples(clips, asked, arms["model"]),
    }


def _examples(clips: list[Clip], asked: list[Asked], given: list[str]) -> list[dict[str, str]]:
    """Every n-th question with its answer."""
    step = max(1, len(asked) // EXAMPLES)
    return [
        {"clip": clips[item.clip].id, "asked": item.question, "wanted": item.answer, "given": text}
        for item, text in list(zip(asked, given, strict=True))[step // 2 :: step][:EXAMPLES]
    ]


def probes_section(name: str, clips: list[Clip], costs: Costs) -> dict[str, Any]:
    """Class probes of all layers, of the random twin and of the baselines, and their paired differences."""
    singles = [clip for clip in clips if clip.single]
    model = load(name, device="cpu")
    layer = model.info.default_layer
    with timed(costs, "probes"):
        trained = model_rows(model, name, singles)
    with timed(costs, "probes, random weights and baselines"):
        twin = load(name, device="cpu", weights="random", seed=TWIN_SEED)
        random = model_rows(twin, f"{name}, random weights", singles, _twin_layers(twin.info.layers, layer))
        baselines = baseline_rows(singles)
    pairs: list[dict[str, Any]] = []
    for kind in PROBES:
        own = next(row for row in trained if row.layer == layer and row.probe == kind)
        same = next(row for row in random if row.layer == layer and row.probe == kind)
        others = _distinct(same, best(random, kind), best(baselines, kind))
        pairs += [paired(own, other, singles) for other in others]
    rows = [row.as_score(singles) for row in [*trained, *random, *baselines]]
    majority = trained[0].outcome.majority
    return {
        "layer": layer,
        "probe_clips": len(singles),
        "probe_sources": trained[0].outcome.sources,
        "majority": round(majority, 4),
        "probes": rows,
        "paired": pairs,
    }


def _twin_layers(layers: tuple[str, ...], default: str) -> list[str]:
    """The same layer, and the first one, where a random network has lost least of its input."""
    return list(dict.fromkeys([layers[0], default]))


def _distinct(*rows: Row) -> list[Row]:
    return list({(row.features, row.layer): row for row in rows}.values())
