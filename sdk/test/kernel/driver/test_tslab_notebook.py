"""A whole notebook under tslab."""

from __future__ import annotations

import os
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import nbformat
from kernel_fixture import REPOSITORY
from test_tslab import write_clone, write_spec

sys.path.insert(0, str(REPOSITORY / "scripts"))
from notebook_runs.execute import execute


class Notebook(unittest.TestCase):
    """The notebook with the most of the SDK in the least time; `npm run soak` runs the others, too."""

    def test_02_runs_in_its_quick_form(self) -> None:
        with tempfile.TemporaryDirectory(prefix="grym-tslab-") as folder:
            write_spec(Path(folder) / "jupyter")
            notebooks = write_clone(Path(folder))
            variables = {"JUPYTER_PATH": str(Path(folder) / "jupyter"), "GRYM_QUICK": "1"}
            stored = nbformat.read(REPOSITORY / "notebooks" / "02-memory-profile.ipynb", as_version=4)
            with mock.patch.dict(os.environ, variables):
                run = execute(stored, notebooks, "tslab")
        assert run.problem is None
        assert run.notebook.cells[-1].outputs[0].text.startswith("All assertions hold")
