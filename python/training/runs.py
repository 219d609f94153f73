"""A training run: an id made of settings and data, a folder, and a log with CPU seconds and what is left.

The same command resumes its run, in another session as well; changed settings or changed data are another
run, which can never continue from this one's weights.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from training.checkpoints import load_checkpoint, save_checkpoint
from training.fingerprint import short_hash
from training.precision import dtype_name

SAVE_SECONDS = 180.0
"""Wall time between checkpoints: what a session that ends without notice loses. No number depends on it."""


@dataclass
class Run:
    """One stage of training, resumable by step.

    Attributes:
        stage: `wav2vec2-1`, `wav2vec2-2`, `encoder` or `joint`.
        settings: everything that shapes the result; hashed into the id.
        runs: the folder that holds all runs.
        data: id of what it trains on (`fingerprint.py`).
        start: id of the run whose weights it begins with, if any.
        step: optimiser steps done.
        clips: clips seen.
        cpu_seconds: process time spent in training, over all resumptions.
        dtypes: arithmetic of the steps; more than one where sessions ran on different CPUs.
    """

    stage: str
    settings: Any
    runs: Path
    data: str
    start: str = ""
    step: int = 0
    clips: int = 0
    cpu_seconds: float = 0.0
    dtypes: list[str] = field(default_factory=list)
    _mark: float = field(default_factory=time.process_time, repr=False)
    _began: float = field(default_factory=time.monotonic, repr=False)
    _saved: float = field(default_factory=time.monotonic, repr=False)
    _first_clip: int = field(default=0, repr=False)

    @property
    def id(self) -> str:
        """`<stage>-<settings and start>-<data>`."""
        settings = json.dumps(asdict(self.settings), sort_keys=True, default=str)
        return f"{self.stage}-{short_hash(settings, self.start)[:8]}-{self.data}"

    @property
    def folder(self) -> Path:
        """Where log and checkpoints lie."""
        return self.runs / self.id

    def begin(self) -> dict[str, Any] | None:
        """Returns this run's newest checkpoint, if any; no other run's files are touched."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "settings.json").write_text(json.dumps(asdict(self.settings), indent=2, default=str))
        state = load_checkpoint(self.folder, self.id)
        if state is not None:
            self.step, self.clips = state["step"], state["clips"]
            self.cpu_seconds, self.dtypes = state["cpu_seconds"], state["dtypes"]
            print(f"{self.id}: resumed at step {self.step}")
        self._first_clip, self._mark = self.clips, time.process_time()
        self._began = self._saved = time.monotonic()
        return state

    def spend(self) -> float:
        """Adds the CPU seconds since the last call and returns the sum."""
        now = time.process_time()
        self.cpu_seconds += now - self._mark
        self._mark = now
        return self.cpu_seconds

    def stepped(self, clips: int) -> None:
        """Counts a step over so many clips."""
        self.step += 1
        self.clips += clips
        if dtype_name() not in self.dtypes:
            self.dtypes.append(dtype_name())

    def save_due(self, last: int) -> bool:
        """Whether it is time for a checkpoint: after SAVE_SECONDS, and at step `last`."""
        return self.step == last or time.monotonic() - self._saved >= SAVE_SECONDS

    def save(self, state: Mapping[str, Any]) -> Path:
        """Writes a checkpoint of the present step."""
        facts = {"clips": self.clips, "cpu_seconds": self.spend(), "dtypes": self.dtypes, "data": self.data}
        path = save_checkpoint(self.folder, self.id, self.step, {**facts, **state})
        self._saved = time.monotonic()
        return path

    def minutes_left(self) -> float:
        """Wall minutes to the last step at this session's rate; none are left at the end."""
        left = self.settings.steps - self.step
        rate = (self.clips - self._first_clip) / max(1e-9, time.monotonic() - self._began)
        return left * (self.clips / max(1, self.step)) / rate / 60 if left and rate else 0.0

    def log(self, **values: float) -> None:
        """Appends a line to log.jsonl and prints it."""
        line: dict[str, Any] = {"run": self.id, "step": self.step, "of": self.settings.steps}
        line |= {"clips": self.clips, "cpu_seconds": round(self.spend(), 1)}
        line |= {"minutes_left": round(self.minutes_left(), 1), "time": time.strftime("%H:%M:%S")}
        line |= {name: round(float(value), 4) for name, value in values.items()}
        with (self.folder / "log.jsonl").open("a") as log:
            log.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)
