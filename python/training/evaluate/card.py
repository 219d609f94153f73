"""The model cards: fixed text, and tables generated from scores.json."""

import json
from pathlib import Path
from typing import Any

from training.evaluate.evidence import evidence_sections
from training.evaluate.tables import section_text
from training.evaluate.verdict import baseline_sentences, learnt_sentences

TITLES = {"test": "Rendered test clips (unseen sources)", "samples": "Shipped samples (unseen sources)"}
METHOD = (
    "Means with 95 % intervals by source (cluster jackknife, t(G - 1)); no interval below 10 sources. "
    "Sources (presets, voices, parameter seeds) of these clips were not in training. Printed again by "
    "`python -m training.evaluate` from the folder `python/`."
)
TEXTS = Path(__file__).parent / "card_texts"


def _training_text(folder: Path) -> str:
    """What made the weights, from training.json."""
    facts = json.loads((folder / "training.json").read_text())
    lines = [
        f"- `{stage['run']}`: step {stage['step']:,} of {stage['steps']:,}, "
        f"{stage['clips_seen']:,} clips seen, {stage['cpu_seconds'] / 60:.0f} CPU minutes"
        for stage in facts["stages"]
    ]
    total = sum(stage["cpu_seconds"] for stage in facts["stages"]) / 60
    dtypes = " and ".join(dict.fromkeys(name for stage in facts["stages"] for name in stage["dtypes"]))
    return "\n".join([*lines, f"- together {total:.0f} CPU minutes, {dtypes}, one seed"])


def write_card(folder: Path) -> None:
    """Writes README.md from the fixed text, training.json, scores.json and the reports beside them."""
    scores: dict[str, Any] = json.loads((folder / "scores.json").read_text())
    config: dict[str, Any] = json.loads((folder / "config.json").read_text())
    sections: dict[str, Any] = scores["splits"]
    parts = [
        (TEXTS / f"{folder.name}.md").read_text().strip(),
        f"Revision `{config['revision']}` (first 12 hex digits of the SHA-256 of model.safetensors).",
        "## Training",
        _training_text(folder),
        "## What it can and cannot do",
        *learnt_sentences(sections, config),
        *baseline_sentences(sections),
        "## Scores",
        METHOD,
        *(section_text(sections[split], title) for split, title in TITLES.items() if split in sections),
        *evidence_sections(folder),
    ]
    (folder / "README.md").write_text("\n\n".join(part for part in parts if part) + "\n")
