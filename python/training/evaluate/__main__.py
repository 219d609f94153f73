"""Prints the tables of the model cards again from the shipped weights.

`python -m training.evaluate` (from the folder `python/`) takes datasets/samples and both models;
`--split test` the rendered test shards of the cache; `--write` also stores scores.json, README.md and
the offers of config.json; `--layers` chooses the default layers, on training clips.
"""

import argparse
import json
import sys
from typing import Any

import torch

from training.evaluate.card import write_card
from training.evaluate.clips import Clip, held_out_clips, sample_clips, train_clips
from training.evaluate.probing import choose_layer, model_rows
from training.evaluate.sections import Costs, answers_section, probes_section
from training.evaluate.tables import section_text
from training.export import SHIPPED, WEIGHTS, change_config

LAYER_CLIPS = 1_000
TITLES = {"samples": "The shipped samples (datasets/samples)", "test": "The rendered test clips"}


def evaluate(name: str, clips: list[Clip]) -> dict[str, Any]:
    """All scores of one model on one set of clips."""
    costs: Costs = {}
    section: dict[str, Any] = {"clips": len(clips), "sources": len({clip.source for clip in clips})}
    blind = WEIGHTS / name / "blind.json"
    if blind.exists():
        section |= answers_section(name, clips, json.loads(blind.read_text()), costs)
    section |= probes_section(name, clips, costs)
    return section | {"costs": costs}


def choose_layers(names: list[str], limit: int | None) -> None:
    """Writes each model's best layer on source-disjoint folds of training clips into its config."""
    from gama_operations.models.registry import load

    clips = train_clips(limit or LAYER_CLIPS)
    for name in names:
        rows = model_rows(load(name, device="cpu"), name, clips)
        layer = choose_layer(rows)
        folder = WEIGHTS / name
        if name == "gama-tiny":
            change_config(folder, embedding={"layer": layer})
        else:
            change_config(folder, grym={"embedding_layer": layer})
        table = [{"layer": row.layer, "probe": row.probe, "accuracy": row.outcome.accuracy} for row in rows]
        (folder / "layers.json").write_text(json.dumps({"clips": len(clips), "rows": table}, indent=1) + "\n")
        print(f"{name}: default layer {layer}", flush=True)


def record(name: str, split: str, section: dict[str, Any]) -> None:
    """Stores a section in scores.json, the offers in config.json, and prints the card anew."""
    folder = WEIGHTS / name
    file = folder / "scores.json"
    config = json.loads((folder / "config.json").read_text())
    scores: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    if scores.get("revision") != config["revision"]:
        scores = {"model": name, "revision": config["revision"], "splits": {}}
    scores["splits"][split] = section
    file.write_text(json.dumps(scores, indent=1, ensure_ascii=False) + "\n")
    if "answers" in section and (split == "test" or "test" not in scores["splits"]):
        change_config(folder, offers=[row["kind"] for row in section["answers"] if row["learnt"]])
    write_card(folder)


def main() -> int:
    """Evaluates and prints."""
    parser = argparse.ArgumentParser(description="Print the model cards' tables again.")
    parser.add_argument("--split", choices=sorted(TITLES), default="samples")
    parser.add_argument("--model", choices=SHIPPED, action="append")
    parser.add_argument("--limit", type=int, help="use only the first clips")
    parser.add_argument("--write", action="store_true", help="store scores.json, README.md and offers")
    parser.add_argument("--layers", action="store_true", help="choose the default layers on training clips")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    names = list(options.model or SHIPPED)
    if options.layers:
        choose_layers(names, options.limit)
        return 0
    clips = (sample_clips if options.split == "samples" else held_out_clips)(options.limit)
    for name in names:
        section = evaluate(name, clips)
        if options.write:
            record(name, options.split, section)
        print(f"\n## {name}\n\n{section_text(section, TITLES[options.split])}\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
