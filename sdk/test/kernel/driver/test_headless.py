"""Notebooks run without a front end (nbclient)."""

from __future__ import annotations

import tempfile
import unittest

import nbformat
import pytest
from kernel_fixture import KERNEL_NAME, REPOSITORY, install_temporary_spec
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook


def execute(*cells: str) -> nbformat.NotebookNode:
    """Runs a notebook of these cells in the folder of the notebooks."""
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    folder = str(REPOSITORY / "notebooks")
    client = NotebookClient(notebook, kernel_name=KERNEL_NAME, timeout=30)
    return client.execute(cwd=folder)


class Headless(unittest.TestCase):
    """Each test starts its own kernel through nbclient."""

    _spec: tempfile.TemporaryDirectory[str]

    @classmethod
    def setUpClass(cls) -> None:
        cls._spec = install_temporary_spec()

    @classmethod
    def tearDownClass(cls) -> None:
        cls._spec.cleanup()

    def test_a_notebook_keeps_its_outputs_and_finds_the_packages_of_its_folder(self) -> None:
        notebook = execute(
            "const a: number = 20;",
            "console.log(a)",
            "await Promise.resolve(a + 1)",
            'import * as synth from "grym-synth"; Object.keys(synth).length > 0',
            'import { table } from "arquero"; table({ model: ["a", "b"], score: [1, 2] })',
        )
        outputs = [cell.outputs for cell in notebook.cells]
        assert outputs[0] == []
        assert outputs[1][0].text == "20\n"
        assert outputs[2][0].data["text/plain"] == "21"
        assert outputs[3][0].data["text/plain"] == "true"
        assert "<table" in outputs[4][0].data["text/html"]
        assert "model" in outputs[4][0].data["text/plain"]
        assert [cell.execution_count for cell in notebook.cells] == [1, 2, 3, 4, 5]

    def test_a_failing_cell_is_named_with_error_name_and_message(self) -> None:
        with pytest.raises(CellExecutionError) as caught:
            execute("1", 'throw new RangeError("too far")', "2")
        assert (caught.value.ename, caught.value.evalue) == ("RangeError", "too far")
        assert "Cell [2], line 1:7" in caught.value.traceback


if __name__ == "__main__":
    unittest.main()
