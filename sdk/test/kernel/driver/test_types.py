"""Types are checked before a cell runs, in the user's own lines, against what earlier cells declared."""

from __future__ import annotations

import unittest

import psutil
from kernel_fixture import TIMEOUT_SECONDS, KernelCase, Outcome

# On a busy machine a cell would run before the check of it has ended; and a test that waits for a check
# that never ends must fail.
PATIENCE = f"kernelOptions({{ checkTimeoutMs: {10_000 * TIMEOUT_SECONDS} }})"
# How a cell runs on → what it does then.
INTERRUPTED = {
    "a loop": "for (;;) {}",
    "an await": "await new Promise(() => {});",
    "a loop after an await": "await null; for (;;) {}",
}


class Types(KernelCase):
    """One kernel with the default policy; each test sets what it changes back."""

    types = ""  # the default

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.kc.execute_interactive(PATIENCE, timeout=TIMEOUT_SECONDS)

    def refused(self, code: str) -> Outcome:
        """Runs a cell that the check has to refuse."""
        outcome = self.run_cell(code)
        assert outcome.reply.get("ename") == "TypeCheckError", outcome.reply
        return outcome

    def server(self) -> psutil.Process:
        """The kernel's type server."""
        (server,) = (it for it in psutil.Process(self.km.provisioner.pid).children() if it.name() == "tsc")
        return server

    def test_a_cell_with_wrong_types_does_not_run_and_says_where(self) -> None:
        code = "globalThis.ran = true;\n// a comment\nconst size: number = 'large';"
        outcome = self.refused(code)
        assert "Type 'string' is not assignable to type 'number'. (TS2322)" in outcome.reply["evalue"]
        lines = outcome.traceback.splitlines()
        place = next(n for n, line in enumerate(lines) if "line 3:7" in line)
        assert lines[place] == f"    at Cell [{outcome.reply['execution_count']}], line 3:7"
        assert lines[place + 3] == "----> 3 | const size: number = 'large';"
        assert lines[place + 4] == "        |       ^"
        assert self.run_cell("'ran' in globalThis").text == "false"

    def test_a_name_that_a_failed_cell_left_undefined_is_known(self) -> None:
        self.run_cell("let unset; const never = (() => { throw new Error('x') })();")
        assert self.run_cell("[unset]").text == "[ undefined ]"
        self.refused("[never]")

    def test_jsx_is_checked_but_for_the_elements_whose_types_are_not_installed(self) -> None:
        self.run_cell("const React = { createElement: (kind: unknown) => kind };")
        assert self.run_cell("const word = 'x'; const shown = <b title={word}>hi</b>; shown").text == "'b'"
        assert (
            self.run_cell("const Part = ({ n }: { n: number }) => n; <Part n={1} key='k' /> === shown").text
            == "false"
        )
        assert "line 1:16" in self.refused("<b>{word.at(0).size}</b>").traceback
        assert "line 1:7" in self.refused("<Part n='x' />").traceback

    def test_what_a_cell_exports_from_a_module_has_its_types(self) -> None:
        exports = 'export { join as glue } from "node:path"; export * as paths from "node:path";'
        assert self.run_cell(f"{exports} glue('a', paths.sep)").text == "'a/'"
        assert self.run_cell("glue('a', paths.sep)").text == "'a/'"
        assert "line 1:6" in self.refused("glue(1)").traceback
        assert "line 1:7" in self.refused("paths.nothing").traceback

    def test_what_the_kernel_gives_to_cells_has_its_types(self) -> None:
        self.refused("input(1, { password: 'yes' })")
        self.refused("kernelOptions({ types: 'loud' })")

    def test_names_of_earlier_cells_are_known_with_their_types(self) -> None:
        self.run_cell(
            "const clip = { rate: 16000 }; let count = 1; class Model { name = 'x' }\n"
            "interface Row { id: number }\nfunction scale(x: number) { return 2 * x }\nenum Kind { A, B }"
        )
        good = "count += scale(clip.rate); const row: Row = { id: 1 }; new Model().name + Kind.B"
        assert self.run_cell(good).text == "'x1'"
        for wrong, place in {
            "clip.ratio": "1:6",
            "scale('x')": "1:7",
            "count = 'x'": "1:1",
            "const r: Row = { id: 'x' }": "1:18",
            "new Model().size": "1:13",
            "Kind.C": "1:6",
        }.items():
            with self.subTest(wrong):
                assert f"line {place}" in self.refused(wrong).traceback

    def test_a_redeclared_name_has_its_new_type(self) -> None:
        self.run_cell("const changing = 1")
        self.run_cell("const changing = 'text'")
        assert self.run_cell("changing.toUpperCase()").text == "'TEXT'"
        self.refused("changing.toFixed()")

    def test_of_a_cell_that_failed_what_it_reached_is_known(self) -> None:
        self.run_cell("const reached = 1; throw new Error('x'); const missed = 2")
        assert self.run_cell("reached.toFixed()").text == "'1'"
        self.refused("reached.length")
        self.refused("missed.toFixed()")

    def test_a_name_of_node_that_a_cell_declares_has_the_type_of_the_cell(self) -> None:
        self.run_cell("const crypto = { mine: 1 }")
        assert self.run_cell("crypto.mine").text == "1"
        self.refused("crypto.randomUUID()")

    def test_a_refused_cell_declares_nothing(self) -> None:
        self.run_cell("const firm = 1")
        self.refused("const firm = 'x'; firm.toFixed()")
        assert self.run_cell("firm.toFixed()").text == "'1'"

    def test_an_edited_local_file_is_seen(self) -> None:
        inner, outer = self.folder / "inner.ts", self.folder / "outer.ts"
        inner.write_text("export const size = (n: number): number => n;")
        outer.write_text('export { size } from "./inner";')
        assert self.run_cell('import { size } from "./outer"; size(1)').text == "1"
        self.refused('import { size } from "./outer"; size("x")')
        inner.write_text("export const size = (n: string): number => n.length;")
        assert self.run_cell('import { size } from "./outer"; size("xyz")').text == "3"
        self.refused('import { size } from "./outer"; size(1)')

    def test_the_sdk_has_its_types_in_any_folder(self) -> None:
        self.run_cell('import { GAMAService } from "grym-synth"')
        assert "TS2339" in self.refused("new GAMAService().nothing").reply["evalue"]

    def test_what_waits_behind_a_refused_cell_is_aborted(self) -> None:
        wrong = self.send("const a: string = 1")
        waiting = self.send("globalThis.waited = 1")
        assert self.outcome(wrong).reply["ename"] == "TypeCheckError"
        assert self.outcome(waiting).status == "aborted"

    def test_a_type_server_that_dies_is_replaced_and_still_knows_the_cells(self) -> None:
        self.run_cell("const survivor = 1")
        server = self.server()
        server.kill()
        server.wait(TIMEOUT_SECONDS)
        assert "line 1:10" in self.refused("survivor.length").traceback

    def test_of_an_interrupted_cell_what_it_reached_is_known_and_the_rest_stays(self) -> None:
        self.run_cell("const kept = { n: 42 };")
        for number, (name, end) in enumerate(INTERRUPTED.items()):
            with self.subTest(name):
                code = f"const got{number} = 1; console.log('begun'); {end} const missed{number} = 2;"
                running = self.send(code)
                self.broadcasts_until("stream")
                self.km.interrupt_kernel()
                assert self.outcome(running).reply["ename"] == "KeyboardInterrupt"
                assert self.run_cell(f"kept.n + got{number}").text == "43"
                self.refused("kept.m")
                self.refused(f"got{number}.length")
                self.refused(f"[missed{number}]")

    def test_a_cell_whose_check_still_runs_is_interrupted_without_having_begun(self) -> None:
        self.run_cell("const before = 1;")
        server = self.server()
        server.suspend()
        try:
            running = self.send("globalThis.began = true; const during = 2;")
            self.broadcasts_until("execute_input")
            self.km.interrupt_kernel()
            assert self.outcome(running).reply["ename"] == "KeyboardInterrupt"
        finally:
            server.resume()
        assert self.run_cell("[before, 'began' in globalThis]").text == "[ 1, false ]"
        self.refused("before.length")
        self.refused("[during]")

    def test_a_check_that_takes_too_long_lets_the_cell_run_and_its_errors_are_told_under_it(self) -> None:
        self.run_cell("kernelOptions({ checkTimeoutMs: 50 })")
        server = self.server()
        server.suspend()
        try:
            late = self.send("const late: string = 1; late")
            outcome = self.outcome(late)
            assert (outcome.text, outcome.stream("stderr")) == ("1", "")
            assert self.run_cell("'another'").text == "'another'"
        finally:
            server.resume()
        told = self.broadcasts_until("stream")
        assert told["parent_header"]["msg_id"] == late
        assert "TS2322" in told["content"]["text"]
        assert f"at Cell [{outcome.reply['execution_count']}], line 1:7" in told["content"]["text"]
        self.run_cell(PATIENCE)

    def test_a_cell_can_set_the_policy(self) -> None:
        self.run_cell('kernelOptions({ types: "warn" })')
        warned = self.run_cell("const wide: string = 1; wide")
        assert (warned.status, warned.text) == ("ok", "1")
        assert "TS2322" in warned.stream("stderr")
        assert "line 1:7" in warned.stream("stderr")
        self.run_cell('kernelOptions({ types: "off" })')
        silent = self.run_cell("const wider: string = 2; wider")
        assert (silent.text, silent.stream("stderr")) == ("2", "")
        self.run_cell('kernelOptions({ types: "block" })')
        self.refused("const widest: string = 3")

    def test_a_setting_that_there_is_not_is_an_error_that_names_those_that_are(self) -> None:
        outcome = self.run_cell('kernelOptions({ types: "loud" as any })')
        assert outcome.reply["ename"] == "TypeError"
        assert "block, warn, off" in outcome.reply["evalue"]

    def test_a_cell_may_refuse_to_be_checked(self) -> None:
        assert self.run_cell("// @ts-nocheck\nconst s: string = 1; s").text == "1"
        assert self.run_cell("// @ts-ignore\nconst t: string = 1; t").text == "1"


if __name__ == "__main__":
    unittest.main()
