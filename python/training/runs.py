"""A training run: an id made of its settings, a folder, and a log with CPU seconds.

The id is a hash of the settings, so the same command resumes its run, and changed settings can
never continue from another run's weights.
"""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from training.checkpoints import delete_checkpoints, load_checkpoint, save_checkpoint


@dataclass
class Run:
    """One stage of training, resumable by step.

    Attributes:
        stage: `wav2vec2`, `encoder` or `joint`.
        settings: everything that shapes the result; hashed into the id.
        runs: the folder that holds all runs.
        step: optimiser steps done.
        clips: clips seen.
        cpu_seconds: process time spent in training, over all resumptions.
    """

    stage: str
    settings: Any
    runs: Path
    step: int = 0
    clips: int = 0
    cpu_seconds: float = 0.0
    _mark: float = field(default_factory=time.process_time, repr=False)

    @property
    def id(self) -> str:
        """`<stage>-<8 hex of the settings>`."""
        text = json.dumps(asdict(self.settings), sort_keys=True, default=str)
        return f"{self.stage}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"

    @property
    def folder(self) -> Path:
        """Where log and checkpoints lie."""
        return self.runs / self.id

    def begin(self) -> dict[str, Any] | None:
        """Deletes other runs' checkpoints and returns this run's newest one, if any."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for path in delete_checkpoints(self.runs, self.stage, keep=self.id):
            print(f"deleted {path}")
        (self.folder / "settings.json").write_text(json.dumps(asdict(self.settings), indent=2, default=str))
        state = load_checkpoint(self.folder, self.id)
        if state is not None:
            self.step, self.clips = state["step"], state["clips"]
            self.cpu_seconds = state["cpu_seconds"]
            print(f"{self.id}: resumed at step {self.step}")
        self._mark = time.process_time()
        return state

    def spend(self) -> float:
        """Adds the CPU seconds since the last call and returns the sum."""
        now = time.process_time()
        self.cpu_seconds += now - self._mark
        self._mark = now
        return self.cpu_seconds

    def save(self, state: Mapping[str, Any]) -> Path:
        """Writes a checkpoint of the present step."""
        facts = {"clips": self.clips, "cpu_seconds": self.spend()}
        return save_checkpoint(self.folder, self.id, self.step, {**facts, **state})

    def log(self, **values: float) -> None:
        """Appends a line to log.jsonl and prints it."""
        line: dict[str, Any] = {"run": self.id, "step": self.step, "clips": self.clips}
        line |= {"cpu_seconds": round(self.spend(), 1), "time": time.strftime("%H:%M:%S")}
        line |= {name: round(float(value), 4) for name, value in values.items()}
        with (self.folder / "log.jsonl").open("a") as log:
            log.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)
