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

    def test_a_notebook_of_three_cells_keeps_its_outputs(self) -> None:
        notebook = execute("const a: number = 20;", "console.log(a)", "await Promise.resolve(a + 1)")
        outputs = [cell.outputs for cell in notebook.cells]
        assert outputs[0] == []
        assert outputs[1][0].text == "20\n"
        assert outputs[2][0].data["text/plain"] == "21"
        assert [cell.execution_count for cell in notebook.cells] == [1, 2, 3]

    def test_a_failing_cell_is_named_with_error_name_and_message(self) -> None:
        with pytest.raises(CellExecutionError) as caught:
            execute("1", 'throw new RangeError("too far")', "2")
        assert (caught.value.ename, caught.value.evalue) == ("RangeError", "too far")
        assert "Cell [2], line 1:7" in caught.value.traceback

    def test_the_workspace_package_is_found_from_the_notebooks(self) -> None:
        code = 'import * as synth from "grym-synth"; Object.keys(synth).length > 0'
        notebook = execute(code)
        assert notebook.cells[0].outputs[0].data["text/plain"] == "true"

    def test_an_arquero_table_as_last_expression_is_a_table(self) -> None:
        code = 'import { table } from "arquero"; table({ model: ["a", "b"], score: [1, 2] })'
        result = execute(code).cells[0].outputs[0]
        assert "<table" in result.data["text/html"]
        assert "model" in result.data["text/plain"]


if __name__ == "__main__":
    unittest.main()
