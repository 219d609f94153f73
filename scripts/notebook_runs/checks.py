"""Runs notebooks and says what is wrong with each."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from notebook_runs.compare import differences
from notebook_runs.execute import KERNEL, execute
from notebook_runs.junit import Case
from notebook_runs.pool import Job, run_all
from notebook_runs.stored import is_stored, memory_need, missing_need, note_memory_need, too_large

ROOT = Path(__file__).resolve().parents[2]
WRITE = "npm run notebooks -- --write"


@dataclass(frozen=True)
class Mode:
    """What is done with the outputs."""

    compare: bool
    """Hold them against the stored ones: full runs on the default data only, others have other numbers."""
    write: bool
    """Store them, where they differ from the stored ones in more than times."""
    kernel: str = KERNEL


def check_all(paths: list[Path], mode: Mode, limit: int) -> Iterator[list[Case]]:
    """The cases of each notebook, as it ends; `limit` run at once at most."""
    jobs: list[Job[list[Case]]] = []
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        reason = missing_need(notebook, ROOT)
        if reason is None:
            run = partial(check, path, notebook, mode)
            jobs.append(Job(run, memory_need(notebook)))
        else:
            yield [Case(f"{path.name} runs", 0.0, None, skipped=reason)]
    for _, cases in run_all(jobs, limit):
        yield cases


def check(path: Path, stored: NotebookNode, mode: Mode) -> list[Case]:
    """Run one notebook, and write it if that is asked for."""
    started = time.perf_counter()
    run = execute(stored, path.parent, mode.kernel)
    seconds = time.perf_counter() - started
    was_stored = is_stored(stored)
    changes = list(differences(stored, run.notebook)) if run.problem is None and was_stored else []
    is_new = bool(changes) or not was_stored or memory_need(stored) is None
    if mode.write and run.problem is None and is_new:
        note_memory_need(run.notebook, run.peak_memory)
        nbformat.write(run.notebook, path)
        was_stored = True
    large = "\n".join(too_large(run.notebook))
    cases = [
        Case(f"{path.name} runs", seconds, run.problem or large or None),
        Case(
            f"{path.name} is stored with outputs",
            0.0,
            None if was_stored else f"not stored with its outputs; run: {WRITE}",
        ),
    ]
    if mode.compare and run.problem is None and was_stored:
        told = [*changes, f"If these are right, store them: {WRITE} {path.stem}"] if changes else []
        cases.append(Case(f"{path.name} gives what is stored", 0.0, "\n".join(told) or None))
    return cases
