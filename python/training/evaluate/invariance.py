"""What moves a model's embedding, for its card: the table of `python -m gama_operations.invariance`."""

import json
from pathlib import Path

from gama_operations.invariance.report import markdown

FILE = "invariance.json"


def invariance_section(folder: Path) -> list[str]:
    """The section from invariance.json; none where there is no such file, or it is of other weights."""
    file = folder / FILE
    if not file.exists():
        return []
    report = json.loads(file.read_text())
    if report["revision"] != json.loads((folder / "config.json").read_text())["revision"]:
        return []
    return ["## What moves the embedding", markdown(report)]
