"""An invariance run as text, as Markdown for a model card, and as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

Report = Mapping[str, Any]
"""What `--json` writes: model, revision, device, dtype, layer, clips, seconds, and rows."""

_HEAD = ("change", "compared", "difference", "cosine", "of distance", "expected", "holds", "reason")
_LEGEND = (
    "difference: largest ‖b - a‖ / ‖a‖ of two embeddings; cosine: the smallest; of distance: the largest "
    "‖b - a‖ in units of the median distance between two different clips."
)


def _expected(expected: Mapping[str, Any]) -> str:
    match expected["kind"]:
        case "exact":
            return "the same"
        case "within":
            return f"≤ {expected['tolerance']:g}"
        case "no":
            return "not expected"
        case _:
            return "not stated"


def _number(value: float | None, form: str) -> str:
    return "not finite" if value is None else format(value, form)


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    holds = {True: "yes", False: "NO", None: "-"}[row["holds"]]
    return (
        row["change"],
        row["compared"],
        _number(row["difference"], ".2g"),
        _number(row["cosine"], ".6f"),
        _number(row["of_distance"], ".2g"),
        _expected(row["expected"]),
        holds,
        row["expected"]["reason"],
    )


def _subject(report: Report) -> str:
    shortest, longest = report["seconds"]
    return (
        f"{report['model']}, revision {report['revision']}, layer {report['layer']}, {report['device']}, "
        f"{report['dtype']}: {report['clips']} clips of {shortest:.1f} to {longest:.1f} s"
    )


def text(report: Report) -> str:
    """An aligned table, one line a change."""
    rows = [_HEAD, *(_cells(row) for row in report["rows"])]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = [_line(row, widths) for row in rows]
    return "\n".join([_subject(report), _LEGEND, "", *lines])


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def markdown(report: Report) -> str:
    """A table for a model card."""
    rows = [_HEAD, tuple("---" for _ in _HEAD), *(_cells(row) for row in report["rows"])]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"{_subject(report)}. {_LEGEND}\n\n{table}"
