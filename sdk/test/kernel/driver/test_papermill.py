"""Notebooks run by the commands that others use: papermill, jupyter execute, nbconvert."""

from __future__ import annotations

import re
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import ClassVar

import nbformat
from kernel_fixture import KERNEL_NAME, REPOSITORY, TIMEOUT_SECONDS, install_temporary_spec
from nbformat.v4 import new_code_cell, new_notebook

PARAMETERS = """
const clips: number = 1; // how many
const layers: string[] = [];
const limit: number | null = 5;
const mode: "fast" | "slow" = "fast";
const ratio = 0.5;
"""
READ = "JSON.stringify({ clips, layers, limit, mode, ratio, options }) + typeof seed"
FAILING = ("const a = 1;", "a", 'throw new RangeError("too far")', "console.log('never')")


class Commands(unittest.TestCase):
    """Each test writes a notebook and runs one command on it."""

    _spec: ClassVar[tempfile.TemporaryDirectory[str]]

    @classmethod
    def setUpClass(cls) -> None:
        cls._spec = install_temporary_spec()

    @classmethod
    def tearDownClass(cls) -> None:
        cls._spec.cleanup()

    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory(prefix="grym-commands-")
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)
        self.input = self.folder / "in.ipynb"
        self.output = self.folder / "out.ipynb"

    def write(self, *cells: str) -> None:
        """Writes the notebook, its first cell tagged as the one that papermill's parameters follow."""
        code = [new_code_cell(cell) for cell in cells]
        code[0].metadata["tags"] = ["parameters"]
        kernelspec = {"name": KERNEL_NAME, "language": "typescript", "display_name": KERNEL_NAME}
        nbformat.write(new_notebook(cells=code, metadata={"kernelspec": kernelspec}), self.input)

    def run_command(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Runs a command of the environment beside the notebook."""
        program = REPOSITORY / ".venv" / "bin" / command[0]
        outcome = subprocess.run(  # noqa: S603, commands of our own environment
            [str(program), *command[1:]],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        outcome.stderr = re.sub("\x1b\\[[0-9;]*m", "", outcome.stderr)  # colours of tracebacks
        return outcome

    def result(self, index: int) -> str:
        """Plain text of a cell's result in the output notebook."""
        (output,) = nbformat.read(self.output, as_version=4).cells[index].outputs
        return output.data["text/plain"]

    def test_papermill_puts_its_parameters_in_the_place_of_the_tagged_ones(self) -> None:
        self.write(PARAMETERS, READ, "(mode = 'slow', mode)")
        (self.folder / "parameters.yaml").write_text("layers: [qformer, 'hidden \"3\"']\nclips: 7\n")
        options = "-f parameters.yaml -p ratio 2.5e-3 -p limit None -r mode slow -p seed 9007199254740993"
        outcome = self.run_command(
            "papermill", "in.ipynb", "out.ipynb", *options.split(), "-y", "options: {größe: [.inf, ~]}"
        )
        assert outcome.returncode == 0, outcome.stderr
        # Two that the tagged cell does not have are told of; the others are known.
        assert "unknown parameter: seed" in outcome.stderr
        assert "unknown parameter: clips" not in outcome.stderr
        assert self.result(2) == (
            '\'{"clips":7,"layers":["qformer","hidden \\\\"3\\\\""],"limit":null,"mode":"slow",'
            '"ratio":0.0025,"options":{"größe":[null,null]}}bigint\''
        )

    def test_papermill_says_which_cell_failed_and_with_what(self) -> None:
        self.write(*FAILING)
        outcome = self.run_command("papermill", "in.ipynb", "out.ipynb", "-p", "a", "2")
        assert outcome.returncode == 1
        assert 'Exception encountered at "In [4]"' in outcome.stderr
        assert "RangeError: too far" in outcome.stderr
        assert "Cell [4], line 1:7" in outcome.stderr

    def test_jupyter_execute_fails_with_name_message_and_cell(self) -> None:
        self.write(*FAILING)
        outcome = self.run_command("jupyter", "execute", "in.ipynb")
        assert outcome.returncode == 1
        assert "RangeError: too far" in outcome.stderr
        assert "Cell [3], line 1:7" in outcome.stderr

    def test_nbconvert_fails_with_name_message_and_cell_and_writes_nothing(self) -> None:
        self.write(*FAILING)
        convert = ("jupyter", "nbconvert", "--to", "notebook", "--execute", "--output", "out", "in.ipynb")
        outcome = self.run_command(*convert)
        assert outcome.returncode == 1
        assert "RangeError: too far" in outcome.stderr
        assert "Cell [3], line 1:7" in outcome.stderr
        assert not self.output.exists()


if __name__ == "__main__":
    unittest.main()
