"""What the scores say, in sentences: learnt and not learnt, and where a baseline is better."""

from typing import Any

from training.render.classes import CLASSES, thinly_tested, untested

PROBE_NAMES = {"linear": "linear", "knn": "kNN"}


def _listed(kinds: list[str]) -> str:
    return ", ".join(f"`{kind}`" for kind in kinds) if kinds else "none"


def learnt_sentences(sections: dict[str, Any], config: dict[str, Any]) -> list[str]:
    """Which kinds of question are offered, and which were not learnt."""
    judged = sections.get("test") or sections["samples"]
    if "answers" not in judged:
        return ["An encoder: it embeds; it cannot answer questions."]
    missing = [row["kind"] for row in judged["answers"] if row["kind"] not in config["offers"]]
    return [
        f"Offered kinds of question: {_listed(config['offers'])}.",
        f"**Not learnt** (lower 95 % bound below blind + 10 points), so refused: {_listed(missing)}.",
        _untested_sentence(),
        *_elsewhere(sections, config),
    ]


def _untested_sentence() -> str:
    """Classes that the model answers although no test clip can show whether it may."""
    share, untried = f"{len(untested())} of the {len(CLASSES)} classes", _listed(list(untested()))
    return (
        f"**Nothing is claimed for {share}**, which the model answers as well: {untried} have no preset "
        "in the sound font whose recordings could be kept from training. "
        f"{_listed(list(thinly_tested()))} rest on one test preset each."
    )


def _elsewhere(sections: dict[str, Any], config: dict[str, Any]) -> list[str]:
    """Offered kinds that miss the margin on the shipped samples; the test clips decide."""
    if not {"test", "samples"} <= set(sections):
        return []
    rows = {row["kind"]: row for row in sections["samples"]["answers"]}
    short = [kind for kind in config["offers"] if kind in rows and not rows[kind]["learnt"]]
    if not short:
        return []
    sentence = (
        "The test clips decide on the offers. On the shipped samples, which ask in other proportions, "
        f"these offered kinds miss the same margin: {_listed(short)}."
    )
    return [sentence]


def _sentence(row: dict[str, Any]) -> str:
    size = f"{100 * row['mean']:+.1f} points"
    if row["low"] is None or row["high"] is None:
        return f"{row['a']} against {row['b']} ({PROBE_NAMES[row['probe']]}): {size}, no interval."
    if row["low"] > 0:
        word = "better than"
    else:
        word = "**worse than**" if row["high"] < 0 else "not distinguishable from"
    return (
        f"{row['a']} is {word} {row['b']} on the {PROBE_NAMES[row['probe']]} class probe: "
        f"{size} [{100 * row['low']:+.1f}, {100 * row['high']:+.1f}]."
    )


def baseline_sentences(sections: dict[str, Any]) -> list[str]:
    """How the default layer stands against its random twin and the best plain baseline."""
    names = {"test": "On the test clips", "samples": "On the shipped samples"}
    return [
        f"{name}:\n\n" + "\n".join(f"- {_sentence(row)}" for row in sections[split]["paired"])
        for split, name in names.items()
        if split in sections
    ]
