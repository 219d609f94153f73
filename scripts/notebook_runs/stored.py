"""What a committed notebook has to be."""

import json
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode

OUTPUT_LIMIT = 2 * 1024 * 1024
"""Largest output, bytes of JSON: more makes front ends and reviews slow."""

NEED_KEY = "peak_memory"


def is_stored(notebook: NotebookNode) -> bool:
    """Whether every code cell was executed, in order."""
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    return counts == list(range(1, len(counts) + 1))


def too_large(notebook: NotebookNode, limit: int = OUTPUT_LIMIT) -> Iterator[str]:
    """A line for each output beyond the limit."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for number, cell in enumerate(code, start=1):
        for position, output in enumerate(cell.outputs, start=1):
            size = len(json.dumps(output, ensure_ascii=False).encode())
            if size > limit:
                yield f"cell [{number}], output {position} has {size} bytes, the limit is {limit}"


def memory_need(notebook: NotebookNode) -> int | None:
    """What the run that stored the outputs took at its peak, bytes, if that was measured."""
    return notebook.metadata.get("grym-synth", {}).get(NEED_KEY)


def note_memory_need(notebook: NotebookNode, peak: int) -> None:
    """Write the peak into the notebook, in whole tens of MB: less than that is chance."""
    notebook.metadata.setdefault("grym-synth", {})[NEED_KEY] = round(peak, -7)


def missing_need(notebook: NotebookNode, root: Path) -> str | None:
    """Say what a notebook needs that is installed on demand and is not here."""
    need = notebook.metadata.get("grym-synth", {}).get("needs")
    if need is None or (root / need["path"]).exists():
        return None
    return f"it needs {need['path']}; install it: {need['command']}"
