"""scores.json as Markdown tables."""

from typing import Any

from training.evaluate.intervals import text

Section = dict[str, Any]


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [" | ".join(head), " | ".join("---" for _ in head), *(" | ".join(row) for row in rows)]
    return "\n".join(f"| {line} |" for line in lines)


def answers_table(rows: list[dict[str, Any]]) -> str:
    """Per question kind: the model beside shuffled audio, random weights and blind."""
    head = ["question", "n", "sources", "gama-tiny", "shuffled audio", "random weights", "blind", "learnt"]
    return _table(
        head,
        [
            [
                row["kind"],
                str(row["questions"]),
                str(row["sources"]),
                text(row["model"]),
                text(row["shuffled"]),
                f"{row['random']['mean']:.3f}",
                text(row["blind"]),
                "yes" if row["learnt"] else "**no**",
            ]
            for row in rows
        ],
    )


def groups_table(rows: list[dict[str, Any]]) -> str:
    """The three unseen groups apart."""
    names = {"instrument": "instruments", "effect": "effects", "speech": "voices"}
    head = ["unseen group", "question", "n", "sources", "gama-tiny", "shuffled audio", "blind"]
    return _table(
        head,
        [
            [
                names[row["group"]],
                row["kind"],
                str(row["questions"]),
                str(row["sources"]),
                text(row["model"]),
                text(row["shuffled"]),
                text(row["blind"]),
            ]
            for row in rows
        ],
    )


def examples_table(rows: list[dict[str, str]]) -> str:
    """Answers at even distances through all questions: nobody picked them."""
    head = ["clip", "asked", "rendered", "gama-tiny"]
    return _table(head, [[row["clip"], row["asked"], row["wanted"], row["given"]] for row in rows])


def probes_table(section: Section) -> str:
    """Class accuracy of linear probe and kNN for every kind of features; the default layer is bold."""
    cells: dict[tuple[str, str], dict[str, str]] = {}
    for row in section["probes"]:
        cells.setdefault((row["features"], row["layer"]), {})[row["probe"]] = text(row)
    rows: list[list[str]] = []
    for (features, layer), found in cells.items():
        bold = layer == section["layer"] and not features.endswith(("weights", "fbank", "mfcc-20"))
        name = f"**{layer}**" if bold else layer
        rows.append([features, name, found["linear"], found["knn"]])
    return _table(["features", "layer", "linear", "kNN"], rows)


def paired_table(rows: list[dict[str, Any]]) -> str:
    """Paired differences by source."""
    return _table(
        ["a", "b", "probe", "a - b", "p (sign flips)"],
        [
            [row["a"], row["b"], row["probe"], text(row), "-" if row["p"] is None else f"{row['p']:.4f}"]
            for row in rows
        ],
    )


def cost_line(section: Section) -> str:
    """Seconds and CPU seconds of the evaluation."""
    wall = sum(cost["seconds"] for cost in section["costs"].values())
    cpu = sum(cost["cpu_seconds"] for cost in section["costs"].values())
    return f"This evaluation took {wall:.0f} s of wall time and {cpu:.0f} s of CPU time."


def section_text(section: Section, title: str) -> str:
    """All tables of one split."""
    size = f"{section['clips']} clips of {section['sources']} sources."
    parts = [f"### {title}", f"{size} {cost_line(section)}"]
    if "answers" in section:
        heading = "**Answers** (exact match; captions: F1 of stated facts)"
        parts += [heading, answers_table(section["answers"])]
        parts += ["**The unseen groups apart**", groups_table(section["groups"])]
        parts += ["**Answers at even distances through all questions**", examples_table(section["examples"])]
    probe_line = (
        f"**Class probe** on {section['probe_clips']} clips with one event, "
        f"{section['probe_sources']} sources, source-disjoint folds; majority {section['majority']:.3f}"
    )
    parts += [
        probe_line,
        probes_table(section),
        "**Paired differences of the default layer**",
        paired_table(section["paired"]),
    ]
    return "\n\n".join(parts)
