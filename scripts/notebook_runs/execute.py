"""One notebook through nbclient."""

import copy
from dataclasses import dataclass
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from notebook_runs.memory import PeakWatch

KERNEL = "grym-synth"
CELL_LIMIT = 600
"""Seconds for one cell: it may load a model and embed every sample on a busy machine."""


@dataclass
class Run:
    """A notebook with its new outputs."""

    notebook: NotebookNode
    problem: str | None
    """What ended it early: name and message of the error, and the cell."""
    peak_memory: int
    """Of the kernel and all that it started, bytes."""


def execute(stored: NotebookNode, folder: Path, kernel: str = KERNEL) -> Run:
    """Run a copy of a notebook in a folder, in a kernel of its own."""
    notebook = copy.deepcopy(stored)
    watch = PeakWatch()

    def begin(**_: object) -> None:
        watch.start(client.km.provisioner.pid)

    client = NotebookClient(notebook, kernel_name=kernel, timeout=CELL_LIMIT, on_notebook_start=begin)
    problem = None
    try:
        client.execute(cwd=str(folder))
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        problem = str(error)
    finally:
        watch.stop()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times of the run
    return Run(notebook, problem, watch.peak)
