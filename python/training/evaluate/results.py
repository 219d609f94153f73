"""Where the figures of an evaluation are kept: JSON in the cache folder, with what made them."""

import json
from pathlib import Path
from typing import Any

from training.cache import training_folder


def save_result(name: str, revision: str, result: dict[str, Any]) -> Path:
    """Writes `evaluation/<name>-<revision>.json` and returns its path."""
    path = training_folder() / "evaluation" / f"{name.replace(' ', '-')}-{revision}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    return path
