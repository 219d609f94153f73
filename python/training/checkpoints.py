"""Checkpoints that cannot be mistaken: every file holds its run id and step.

A run deletes the checkpoints of other runs of the same model before it starts, so a stale file is
never exported by accident; within a run the two newest files are kept.
"""

from pathlib import Path
from typing import Any

import torch

KEPT = 2
"""Checkpoints kept per run: the newest may be half written when the machine dies."""


class StaleCheckpointError(RuntimeError):
    """A checkpoint belongs to another run than the one that asks for it."""


def checkpoint_files(folder: Path) -> list[Path]:
    """Checkpoints in `folder`, oldest first."""
    return sorted(folder.glob("checkpoint-*.pt"))


def save_checkpoint(folder: Path, run_id: str, step: int, state: dict[str, Any]) -> Path:
    """Writes `state` beside run id and step; the file appears whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"checkpoint-{step:07d}.pt"
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


def delete_checkpoints(runs: Path, stage: str, *, keep: str) -> list[Path]:
    """Deletes checkpoints of earlier runs of `stage` under `runs`, except those of run `keep`."""
    deleted: list[Path] = []
    for folder in sorted(runs.glob(f"{stage}-*")):
        if folder.name == keep:
            continue
        for path in checkpoint_files(folder):
            path.unlink()
            deleted.append(path)
    return deleted
