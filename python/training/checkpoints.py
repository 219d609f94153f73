"""Checkpoints that cannot be mistaken: run id and step stand in the file's name and in the file.

A run id tells stage, settings and data (`runs.py`). Runs leave each other's files alone, so that two can
share a cache; of its own, a run keeps the two newest.
"""

from pathlib import Path
from typing import Any

import torch

KEPT = 2
"""Checkpoints kept per run: the newest may be damaged when the machine dies."""


class StaleCheckpointError(RuntimeError):
    """A checkpoint belongs to another run than the one that asks for it."""


def checkpoint_files(folder: Path) -> list[Path]:
    """Checkpoints in `folder`, oldest first."""
    return sorted(folder.glob("*-step-*.pt"))


def save_checkpoint(folder: Path, run_id: str, step: int, state: dict[str, Any]) -> Path:
    """Writes `state` beside run id and step; the file appears whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{run_id}-step-{step:07d}.pt"
    partial = path.with_suffix(".partial")
    torch.save({"run_id": run_id, "step": step, **state}, partial)
    partial.replace(path)
    for old in checkpoint_files(folder)[:-KEPT]:
        old.unlink()
    return path


def load_checkpoint(folder: Path, run_id: str) -> dict[str, Any] | None:
    """The newest checkpoint of a run, or None when there is none.

    Raises:
        StaleCheckpointError: the newest file in the folder was written by another run.
    """
    files = checkpoint_files(folder)
    if not files:
        return None
    state: dict[str, Any] = torch.load(files[-1], map_location="cpu", weights_only=True)
    if state["run_id"] != run_id:
        raise StaleCheckpointError(f"{files[-1]} was written by {state['run_id']}, not by {run_id}")
    return state
