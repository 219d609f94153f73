"""Where the outputs of two runs of a notebook differ."""

import math
from collections.abc import Iterator
from itertools import zip_longest

from nbformat import NotebookNode

from notebook_runs.normalise import NUMBER, normalise

TOLERANCE = 1e-3
"""Relative difference of numbers with decimals that another order of additions may make."""
SHOWN = 160
"""Characters of a differing line that are told."""


def differences(stored: NotebookNode, now: NotebookNode) -> Iterator[str]:
    """One line for each output that differs, at its first difference; cells as JupyterLab counts them."""
    pairs = zip(_code(stored), _code(now), strict=True)
    for number, (before, after) in enumerate(pairs, start=1):
        outputs = zip_longest(normalise(before), normalise(after))
        for position, (one, other) in enumerate(outputs, start=1):
            found = _first_difference(one, other)
            if found is not None:
                yield f"cell [{number}], output {position}: {found}"


def _code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _first_difference(stored: list[str] | None, now: list[str] | None) -> str | None:
    if stored is None or now is None:
        present, word = (stored, "only stored") if now is None else (now, "not stored")
        return f"{word}: {' / '.join(present or [])[:SHOWN]}"
    for one, other in zip_longest(stored, now, fillvalue=""):
        if not _same(one, other):
            return f"stored {_around(one, other)}, now {_around(other, one)}"
    return None


def _same(one: str, other: str) -> bool:
    if one == other:
        return True
    if NUMBER.split(one) != NUMBER.split(other):
        return False
    return all(map(_close, NUMBER.findall(one), NUMBER.findall(other)))


def _close(one: str, other: str) -> bool:
    if one == other:
        return True
    if one.lstrip("-").isdigit() and other.lstrip("-").isdigit():
        return False  # counts
    return math.isclose(float(one), float(other), rel_tol=TOLERANCE, abs_tol=1e-9)


def _around(line: str, other: str) -> str:
    """The part of a line from shortly before it leaves the other one."""
    same = next(
        (i for i, (a, b) in enumerate(zip(line, other, strict=False)) if a != b), min(len(line), len(other))
    )
    begin = max(0, same - SHOWN // 4)
    return f'"{"…" if begin else ""}{line[begin : begin + SHOWN]}{"…" if begin + SHOWN < len(line) else ""}"'
