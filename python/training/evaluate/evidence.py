"""Reports that lie beside a model's weights, for its card: probes.json, paraphrases.json, invariance.json."""

import json
from pathlib import Path
from typing import Any

from gama_operations.invariance.report import markdown
from training.evaluate.intervals import text

PROBES, PARAPHRASES, INVARIANCE = "probes.json", "paraphrases.json", "invariance.json"


def revision_of(folder: Path) -> str:
    """Revision of a folder's weights."""
    return json.loads((folder / "config.json").read_text())["revision"]


def report_of(folder: Path, file: str) -> dict[str, Any] | None:
    """A report about a folder's weights; None where there is none, or it is about other weights."""
    path = folder / file
    report = json.loads(path.read_text()) if path.exists() else {}
    return report if report.get("revision") == revision_of(folder) else None


def keep_report(folder: Path, file: str, report: dict[str, Any]) -> None:
    """Writes a report about a folder's weights."""
    kept = {"revision": revision_of(folder)} | report
    (folder / file).write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")


def keep_probe(folder: Path, question: str, report: dict[str, Any]) -> None:
    """Puts the chosen arms of one probe set into probes.json; its other rows stay in the cache."""
    sets = (report_of(folder, PROBES) or {}).get("sets", {})
    sets[question] = {key: value for key, value in report.items() if key not in ("rows", "model", "revision")}
    keep_report(folder, PROBES, {"sets": sets})


def evidence_sections(folder: Path) -> list[str]:
    """The card's sections from all reports there are."""
    probes, paraphrases = report_of(folder, PROBES), report_of(folder, PARAPHRASES)
    invariance = report_of(folder, INVARIANCE)
    parts: list[str] = []
    if probes:
        parts += ["## Against plain mel statistics", PROBES_TEXT]
        parts += [probe_text(report) for report in probes["sets"].values()]
    if paraphrases:
        parts += ["## The same questions in other words", PARAPHRASES_TEXT, paraphrase_table(paraphrases)]
    if invariance:
        parts += ["## What moves the embedding", markdown(invariance)]
    return parts


PROBES_TEXT = (
    "Linear and kNN probes on frozen features; layer, pooling and classifier are chosen on training folds. "
    "The baseline is chosen in the same way and, most strictly, as the best on the very clips of the test, "
    "out of {fbank, MFCC-20} by {linear, kNN}. Printed again by `python -m training.evaluate.probes`."
)
PARAPHRASES_TEXT = (
    "The first wording of training (which the scores above use), its other wordings, and wordings "
    "that training never had, made of words that it had. Printed again by "
    "`python -m training.evaluate.paraphrases`."
)


def probe_text(report: dict[str, Any]) -> str:
    """One probe set: the chosen arms, then their differences."""
    title = (
        f"**{report['set'].capitalize()}**: {report['about']}. {report['clips']} clips, "
        f"{report['sources']} sources, {report['classes']} classes, majority {report['majority']:.3f}"
    )
    arms = [f"| {row['arm']} | {text(row)} |" for row in report["chosen"]]
    pairs = [
        f"| {row['a']} - {row['b']} | {text(row)} | {'' if row['p'] is None else row['p']} |"
        for row in report["paired"]
    ]
    tables = [
        "\n".join(["| features | accuracy |", "| --- | --- |", *arms]),
        "\n".join(["| difference | accuracy | p (sign flips) |", "| --- | --- | --- |", *pairs]),
    ]
    return "\n\n".join([title, *tables])


def paraphrase_table(report: dict[str, Any]) -> str:
    """Scores of every kind by where its words come from."""
    rows = [
        f"| {row['kind']} | {row['questions']} | {text(row['first'])} | {text(row['trained'])} | "
        f"{text(row['held out'])} | {row['blind']:.3f} | {'yes' if row['held out']['learnt'] else '**no**'} |"
        for row in report["kinds"]
    ]
    head = (
        "| question | n | first wording | other trained ones | never trained | blind | learnt in new words |"
    )
    return "\n".join([head, "| --- | --- | --- | --- | --- | --- | --- |", *rows])
