"""`npm run notebooks`: what counts as a difference, how many run at once, and real notebooks."""

from __future__ import annotations

import base64
import struct
import sys
import tempfile
import threading
import unittest
from pathlib import Path
from typing import Any

import nbformat
from kernel_fixture import REPOSITORY, install_temporary_spec
from nbformat.v4 import new_code_cell, new_notebook, new_output

sys.path.insert(0, str(REPOSITORY / "scripts"))
from notebook_runs.checks import Mode, check, check_all
from notebook_runs.compare import differences
from notebook_runs.pool import MARGIN, Job, run_all
from notebook_runs.stored import memory_need, too_large

COMPARE = Mode(compare=True, write=False)
WRITE = Mode(compare=False, write=True)
GIGABYTE = 10**9
HEAD = "<tr><th>model</th><th>ms per clip</th><th>AMI</th></tr>"
TABLE = f"<table style='{{}}'>{HEAD}<tr><td>a</td><td>{{}}</td><td>{{}}</td></tr></table>"
PLOTLY = "application/vnd.plotly.v1+json"
SOUND = '<audio src="data:audio/flac;base64,{}">'


def png(width: int, height: int, rest: bytes) -> str:
    """The head of a picture, in base64."""
    head = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height)
    return base64.b64encode(head + rest).decode()


def notebook_of(*bundles: dict[str, Any], tags: tuple[str, ...] = ()) -> nbformat.NotebookNode:
    """A notebook of two cells, of which the second one shows these bundles."""
    outputs = [new_output("display_data", data=bundle) for bundle in bundles]
    shown = new_code_cell("show()", outputs=outputs, metadata={"tags": list(tags)})
    return new_notebook(cells=[new_code_cell("const a = 1"), shown])


def found(stored: dict[str, Any], now: dict[str, Any], *tags: str) -> list[str]:
    """Differences between two forms of one output."""
    return list(differences(notebook_of(stored, tags=tags), notebook_of(now, tags=tags)))


class Differences(unittest.TestCase):
    """What two runs may differ in, and what not."""

    def test_times_rates_sizes_ids_colours_and_the_bytes_of_pictures_do_not_count(self) -> None:
        same = [
            ("load done · in 2.9 s", "load done · in 3 min 05 s"),
            ("5/5 bootstrap draws · 40.7 bootstrap draws/s", "5/5 bootstrap draws · 9 bootstrap draws/s"),
            ("peak 394 MiB", "peak 401.5 MiB"),
            ("a 0f8fad5b-d9cb-469f-a165-70867728950e", "a 7c9e6679-7425-40de-944b-e07fc1f90ae7"),
            ("AMI 0.41234", "AMI 0.41236"),
            ("\N{MINUS SIGN}1.20", "-1.20"),
        ]
        for one, other in same:
            with self.subTest(one):
                assert found({"text/plain": one}, {"text/plain": other}) == []
        assert found({"image/png": png(4, 3, b"x")}, {"image/png": png(4, 3, b"yz")}) == []
        assert (
            found({"text/html": TABLE.format("a", 14.4, 0.5)}, {"text/html": TABLE.format("b", 19, 0.5)})
            == []
        )

    def test_words_counts_numbers_kinds_and_sizes_of_pictures_do(self) -> None:
        other = [
            ({"text/plain": "yes"}, {"text/plain": "no"}, 'stored "yes", now "no"'),
            ({"text/plain": "15 clusters"}, {"text/plain": "16 clusters"}, "15 clusters"),
            ({"text/plain": "AMI 0.41"}, {"text/plain": "AMI 0.43"}, "0.43"),
            ({"text/plain": "p 1e-3"}, {"text/plain": "p 1e-5"}, "1e-5"),
            ({"image/png": png(4, 3, b"x")}, {"image/png": png(4, 5, b"x")}, "4x5"),
            ({"text/plain": "x"}, {"text/html": "x"}, "text/html"),
            ({"text/html": TABLE.format("", 1, 0.5)}, {"text/html": TABLE.format("", 1, 0.6)}, "a | # | 0.6"),
            ({PLOTLY: {"data": [{"x": [1.5, 2.5]}]}}, {PLOTLY: {"data": [{"x": [1.5, 2.7]}]}}, "data[0].x"),
            ({"text/html": SOUND.format("AAAA")}, {"text/html": SOUND.format("AAAB")}, "audio/flac"),
        ]
        for stored, now, told in other:
            with self.subTest(told):
                (line,) = found(stored, now)
                assert line.startswith("cell [2], output 1: stored ")
                assert told in line

    def test_an_output_more_or_less_is_told(self) -> None:
        one, two = notebook_of({"text/plain": "a"}), notebook_of({"text/plain": "a"}, {"text/plain": "b"})
        assert list(differences(one, two)) == [
            "cell [2], output 2: not stored: display_data / text/plain / b"
        ]
        assert list(differences(two, one)) == [
            "cell [2], output 2: only stored: display_data / text/plain / b"
        ]

    def test_of_a_cell_whose_numbers_are_measured_only_the_words_count(self) -> None:
        stored, now = {"text/plain": "batches of 3, fits: true"}, {"text/plain": "batches of 16, fits: false"}
        assert found(stored, now, "measured") == []
        drift = [{"text/plain": f"drift {text}"} for text in ("+0.3 [-1, +0.5]", "0 [+0.1, 2]")]
        assert found(*drift, "measured") == []
        assert len(found(stored, {"text/plain": "batches of 3, too large"}, "measured")) == 1

    def test_where_a_stream_is_cut_does_not_count(self) -> None:
        def streams(*texts: str) -> nbformat.NotebookNode:
            outputs = [new_output("stream", name="stdout", text=text) for text in texts]
            return new_notebook(cells=[new_code_cell("", outputs=outputs)])

        assert list(differences(streams("a\nb\n"), streams("a\n", "b\n"))) == []
        assert len(list(differences(streams("a\nb\n"), streams("a\n", "c\n")))) == 1

    def test_an_output_that_is_too_large_is_named(self) -> None:
        (line,) = too_large(notebook_of({"text/plain": "x"}, {"text/plain": "x" * 300}), limit=250)
        assert line.startswith("cell [2], output 2 has 3")


class Pool(unittest.TestCase):
    """Which jobs run side by side."""

    def most_at_once(self, needs: list[int | None], *, limit: int, free: int) -> int:
        """The largest number of jobs that were running together."""
        running, most, lock = 0, 0, threading.Lock()
        together = threading.Event()

        def job() -> None:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
                if running > 1:
                    together.set()
            together.wait(0.2)  # long enough for another one to begin, if it may
            with lock:
                running -= 1

        jobs = [Job(job, need) for need in needs]
        ended = [index for index, _ in run_all(jobs, limit, lambda: free)]
        assert sorted(ended) == list(range(len(needs)))
        return most

    def test_jobs_share_the_machine_as_far_as_memory_and_cores_go(self) -> None:
        enough = int(2 * GIGABYTE * MARGIN)
        assert self.most_at_once([GIGABYTE, GIGABYTE], limit=2, free=enough) == 2
        assert self.most_at_once([GIGABYTE, GIGABYTE], limit=2, free=enough - 1) == 1
        assert self.most_at_once([GIGABYTE, GIGABYTE, GIGABYTE], limit=2, free=9 * GIGABYTE) == 2

    def test_what_was_never_measured_runs_alone(self) -> None:
        assert self.most_at_once([None, GIGABYTE], limit=2, free=9 * GIGABYTE) == 1
        assert self.most_at_once([GIGABYTE, None], limit=2, free=9 * GIGABYTE) == 1

    def test_more_than_the_machine_has_runs_all_the_same_alone(self) -> None:
        assert self.most_at_once([9 * GIGABYTE, GIGABYTE], limit=2, free=GIGABYTE) == 1


class Runs(unittest.TestCase):
    """Real notebooks in a folder of their own."""

    def setUp(self) -> None:
        spec = install_temporary_spec()
        self.addCleanup(spec.cleanup)
        holder = tempfile.TemporaryDirectory(prefix="grym-notebooks-")
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)

    def write(self, name: str, *cells: str) -> Path:
        """Writes a notebook without outputs."""
        path = self.folder / f"{name}.ipynb"
        nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in cells]), path)
        return path

    def test_outputs_are_stored_once_and_held_against_the_next_run(self) -> None:
        path = self.write("a", "const id = crypto.randomUUID()", "`took ${Date.now()} ms: ${id}`")
        (runs, stored) = check(path, nbformat.read(path, as_version=4), COMPARE)
        assert runs.problem is None
        assert stored.problem is not None

        assert all(case.problem is None for case in check(path, nbformat.read(path, as_version=4), WRITE))
        written = path.read_bytes()
        notebook = nbformat.read(path, as_version=4)
        need = memory_need(notebook)
        assert need is not None
        assert 20 * 10**6 < need < GIGABYTE

        # Another time and another id are no reason to write it again.
        check(path, notebook, WRITE)
        assert path.read_bytes() == written
        assert [case.problem for case in check(path, notebook, COMPARE)] == [None, None, None]

        notebook.cells[1].outputs[0].data["text/plain"] = "'took 5 ms: nothing'"
        (*_, compared) = check(path, notebook, COMPARE)
        assert compared.problem is not None
        assert compared.problem.startswith("cell [2], output 1: stored \"'took <time>: nothing")

    def test_a_notebook_that_fails_is_named_with_its_cell_and_does_not_stop_the_others(self) -> None:
        paths = [self.write("bad", "1", 'throw new RangeError("too far")'), self.write("good", "2")]
        cases = {case.name: case.problem for found in check_all(paths, COMPARE, 2) for case in found}
        assert "RangeError" in (cases["bad.ipynb runs"] or "")
        assert "Cell [2], line 1:7" in (cases["bad.ipynb runs"] or "")
        assert cases["good.ipynb runs"] is None

    def test_a_notebook_whose_need_is_not_installed_is_skipped_with_the_command(self) -> None:
        path = self.write("needy", "1")
        notebook = nbformat.read(path, as_version=4)
        notebook.metadata["grym-synth"] = {"needs": {"path": "no/such/folder", "command": "npm run it"}}
        nbformat.write(notebook, path)
        ((case,),) = check_all([path], COMPARE, 1)
        assert (case.problem, case.skipped) == (None, "it needs no/such/folder; install it: npm run it")


if __name__ == "__main__":
    unittest.main()
