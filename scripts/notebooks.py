"""Executes the notebooks headless with our kernel; `npm run notebooks` and `npm test` call it.

    python scripts/notebooks.py [--quick] [--write] [--junit FILE] [NAME ...]

--quick   sets GRYM_QUICK=1: fewer clips, same cells, same assertions where they can hold
--write   stores the outputs in the notebook (full runs only)
"""

import argparse
import os
import sys
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
OUTPUT_LIMIT = 2 * 1024 * 1024
"""Largest stored notebook, bytes."""
KERNEL = "grym-synth"


def execute(path: Path, *, quick: bool, write: bool) -> str | None:
    """Run one notebook; returns what went wrong, or None."""
    notebook = nbformat.read(path, as_version=4)
    if quick:
        os.environ["GRYM_QUICK"] = "1"
    # One cell may load a model and embed every sample on a busy machine.
    client = NotebookClient(
        notebook, kernel_name=KERNEL, timeout=600, resources={"metadata": {"path": str(NOTEBOOKS)}}
    )
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        return str(error)
    if write:
        for cell in notebook.cells:
            cell.get("metadata", {}).pop("execution", None)
        nbformat.write(notebook, path)
    size = len(nbformat.writes(notebook))
    if size > OUTPUT_LIMIT:
        return f"the executed notebook has {size} bytes, the limit is {OUTPUT_LIMIT}"
    return None


def is_stored(path: Path) -> bool:
    """Whether every code cell of the committed notebook was executed, in order."""
    cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    return [c.execution_count for c in cells] == list(range(1, len(cells) + 1))


def write_junit(file: Path, cases: list[tuple[str, float, str | None]]) -> None:
    """The counts, for the summary of `npm test`."""
    failures = sum(problem is not None for _, _, problem in cases)
    suite = ET.Element(
        "testsuite", name="notebooks", tests=str(len(cases)), failures=str(failures), errors="0", skipped="0"
    )
    for name, seconds, problem in cases:
        case = ET.SubElement(suite, "testcase", name=name, time=f"{seconds:.1f}")
        if problem is not None:
            ET.SubElement(case, "failure").text = problem
    file.parent.mkdir(parents=True, exist_ok=True)
    ET.ElementTree(suite).write(file)


def main() -> int:
    """Exit code 1 when a notebook fails or none was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--junit", type=Path)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    if options.quick and options.write:
        parser.error("--write stores full runs only")
    os.environ["JUPYTER_PATH"] = str(ROOT / ".venv" / "share" / "jupyter")
    paths = [
        p
        for p in sorted(NOTEBOOKS.glob("*.ipynb"))
        if not options.names or any(n in p.name for n in options.names)
    ]
    cases: list[tuple[str, float, str | None]] = []
    for path in paths:
        started = time.perf_counter()
        problem = execute(path, quick=options.quick, write=options.write)
        seconds = time.perf_counter() - started
        stored = None if is_stored(path) else "not stored with its outputs; run: npm run notebooks -- --write"
        cases += [
            (f"{path.name} runs", seconds, problem),
            (f"{path.name} is stored with outputs", 0.0, stored),
        ]
        print(f"{'ok    ' if problem is None else 'FAILED'} {path.name} {seconds:.1f} s", flush=True)
        for wrong in (problem, stored):
            if wrong is not None:
                print(f"{path.name}: {wrong}", file=sys.stderr, flush=True)
    if options.junit is not None:
        write_junit(options.junit, cases)
    return 0 if cases and all(problem is None for _, _, problem in cases) else 1


if __name__ == "__main__":
    sys.exit(main())
