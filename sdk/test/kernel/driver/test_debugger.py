"""The debugger as JupyterLab drives it: breakpoints in cells, stepping, locals, the variable inspector."""

from __future__ import annotations

import unittest

from debugger_fixture import HELPER, DebuggerCase
from ipykernel.compiler import murmur2_x86
from kernel_fixture import TIMEOUT_SECONDS


class Debugger(DebuggerCase):
    """One kernel with the debugger on."""

    def test_a_cell_is_named_by_its_text_as_front_ends_name_it(self) -> None:
        info = self.request("debugInfo")
        assert info["isStarted"] is False
        for code in ("", "a", "ab", "abc", "abcd", "const snow = 'snö ☃ 😀'"):
            digest = murmur2_x86(code, info["hashSeed"])
            expected = f"{info['tmpFilePrefix']}{digest}{info['tmpFileSuffix']}"
            assert self.request("dumpCell", code=code)["sourcePath"] == expected

    def test_the_variable_inspector_lists_what_cells_declared_without_a_debugger(self) -> None:
        self.run_cell('const answer = 42; const nested = { list: [1, 2], text: "x" }; function named() {}')
        listed = {it["name"]: it for it in self.request("inspectVariables")["variables"]}
        assert listed["answer"]["value"] == "42"
        # JupyterLab would show it in place of the value.
        assert "type" not in listed["answer"]
        assert listed["named"]["value"].startswith("function")
        assert "setTimeout" not in listed
        inner = self.request("variables", variablesReference=listed["nested"]["variablesReference"])
        assert {it["name"]: it["value"] for it in inner["variables"]}["text"] == '"x"'
        rich = self.request("richInspectVariables", variableName="nested")
        assert "list" in rich["data"]["text/plain"]

    def test_a_step_goes_into_a_local_file_and_not_into_packages_or_node(self) -> None:
        (self.folder / "stepped.ts").write_text(HELPER)
        package = self.folder / "node_modules" / "stepped-over"
        package.mkdir(parents=True)
        (package / "package.json").write_text(
            '{ "name": "stepped-over", "type": "module", "exports": "./index.js" }'
        )
        (package / "index.js").write_text("export function twice(n) {\n  return 2 * n;\n}\n")
        code = (
            'import { twice } from "stepped-over";\nimport { total } from "./stepped.ts";\n'
            'import { basename } from "node:path";\n'
            'const base = basename("a/b");\nconst four = twice(2);\nconst all = total([]);\nall'
        )
        self.attach()
        self.break_at(code, 4)
        running = self.send(code)
        self.event("stopped")
        seen = []
        while self.frames()[0]["name"] != "total":
            seen.append((self.frames()[0]["name"], self.frames()[0]["line"]))
            self.request("stepIn", threadId=1)
            self.event("stopped")
        assert set(seen) == {("cell", 4), ("cell", 5), ("cell", 6)}
        assert self.frames()[0]["line"] == 6
        self.request("disconnect")
        assert self.outcome(running).text == "0"

    def test_a_pause_stops_a_spinning_cell_where_it_is_and_an_idle_kernel_in_its_next_cell(self) -> None:
        self.attach()
        self.request("pause", threadId=1)
        running = self.send("let spins = 0;\nspins += 1;\nspins")
        assert self.event("stopped")["reason"] == "pause"
        assert self.frames()[0]["line"] == 1
        self.request("continue", threadId=1)
        assert self.outcome(running).text == "1"
        running = self.send("for (;;) spins += 1;")
        self.broadcasts_until("execute_input")
        while self.request("evaluate", expression="spins")["result"] == "1":
            pass
        self.request("pause", threadId=1)
        assert self.event("stopped")["reason"] == "pause"
        assert int(self.variables("Globals")["spins"]) > 1
        self.km.interrupt_kernel()
        assert self.outcome(running).reply["ename"] == "KeyboardInterrupt"
        self.request("disconnect")

    def test_an_error_stops_where_it_is_thrown_as_the_filters_say(self) -> None:
        package = self.folder / "node_modules" / "fails-inside"
        package.mkdir(parents=True)
        (package / "package.json").write_text('{ "name": "fails-inside", "exports": "./index.js" }')
        (package / "index.js").write_text(
            "exports.quiet = () => { try { throw new Error('inside'); } catch { return 1; } };\n"
        )
        offered = self.request("initialize", clientID="test", adapterID="")["exceptionBreakpointFilters"]
        assert [it["filter"] for it in offered] == ["raised", "uncaught"]
        self.attach()
        uncaught = {
            "const before = 1;\nthrow new RangeError('out');": 2,
            "function fails(): never {\n  throw new Error('in a function');\n}\nfails();": 2,
            "await null;\nthrow new Error('after an await');": 2,
            "import { readFileSync } from 'node:fs';\nreadFileSync('/nowhere');": 2,
            "try {\n  await null;\n  throw new Error('through');\n} finally {\n  1;\n}": 3,
        }
        caught = {
            "try {\n  throw new Error('taken');\n} catch {}": 2,
            "try {\n  await Promise.reject(new Error('taken'));\n} catch {}": 2,
        }
        not_theirs = {"import { quiet } from 'fails-inside';\nquiet()": 0, "import 'node:http2';": 0}
        for filters, stopping in ((["uncaught"], uncaught), (["raised"], {**uncaught, **caught}), ([], {})):
            self.request("setExceptionBreakpoints", filters=filters)
            for code, line in {**uncaught, **caught, **not_theirs}.items():
                expected = [("exception", line)] if code in stopping else []
                assert self.stops(self.send(code)) == expected, (filters, code)
        response = self.respond("setExceptionBreakpoints", filters=["sometimes"])
        assert response["success"] is False
        assert "sometimes" in response["message"]
        self.request("disconnect")
        code = "throw new Error('no debugger')"
        assert self.stops(self.send(code)) == []

    def test_a_kernel_that_stands_at_a_breakpoint_is_restarted(self) -> None:
        self.attach()
        code = "const standing = 1;\nstanding"
        self.break_at(code, 2)
        self.send(code)
        self.event("stopped")
        self.km.restart_kernel()
        self.kc.wait_for_ready(timeout=TIMEOUT_SECONDS)
        assert self.request("debugInfo")["stoppedThreads"] == []
        assert self.run_cell(code).text == "1"

    def test_with_errors_watched_a_timer_that_spins_is_interrupted(self) -> None:
        # Node's asynchronous stacks, by which one could know more of an error, would end the process here.
        self.attach()
        self.request("setExceptionBreakpoints", filters=["uncaught"])
        code = "await new Promise(() => setTimeout(() => { for (;;) {} }, 1))"
        assert self.interrupt_after(code, 0.2).reply["ename"] == "KeyboardInterrupt"
        self.request("disconnect")
        assert self.run_cell("1 + 1").text == "2"

    def test_long_lists_show_their_beginning_and_maps_their_entries(self) -> None:
        self.run_cell(
            "const samples = new Float32Array(5_000_000); const pairs = new Map([['key', { deep: 1 }]]);"
        )
        listed = {it["name"]: it for it in self.request("inspectVariables")["variables"]}
        members = self.members(listed["samples"])
        assert len(members) == 1000
        assert members["999"]["value"] == "0"
        entries = self.members(self.members(listed["pairs"])["[[Entries]]"])
        assert self.members(self.members(entries["0"])["value"])["deep"]["value"] == "1"

    def test_while_native_code_runs_the_variable_inspector_says_so(self) -> None:
        running = self.send('require("node:child_process").execSync("sleep 6")')
        self.broadcasts_until("execute_input")
        # The first of them may come before the call.
        answers = (self.respond("inspectVariables") for _ in range(100))
        refused = next(it for it in answers if not it["success"])
        assert "native code" in refused["message"]
        assert self.outcome(running).status == "ok"
        assert self.request("inspectVariables")["variables"] is not None

    def test_an_evaluation_that_does_not_end_is_given_up(self) -> None:
        self.attach()
        code = "let kept_alive = 1;\nkept_alive"
        self.break_at(code, 2)
        running = self.send(code)
        self.event("stopped")
        frame = self.frames()[0]["id"]
        response = self.respond("evaluate", expression="(() => { for (;;) {} })()", frameId=frame)
        assert response["success"] is False
        assert self.request("evaluate", expression="kept_alive", frameId=frame)["result"] == "1"
        self.request("continue", threadId=1)
        assert self.outcome(running).text == "1"
        self.request("disconnect")

    def test_stepping_goes_through_the_lines_of_a_cell_and_over_its_awaits(self) -> None:
        self.attach()
        code = "const first = 1;\nawait null;\nconst second = first + 1;\nsecond"
        self.break_at(code, 1)
        running = self.send(code)
        self.event("stopped")
        lines = [self.frames()[0]["line"]]
        while lines[-1] < 4:
            self.request("next", threadId=1)
            self.event("stopped")
            lines.append(self.frames()[0]["line"])
        assert sorted(set(lines)) == [1, 2, 3, 4]
        assert lines == sorted(lines)
        self.request("disconnect")
        assert self.outcome(running).text == "2"

    def test_an_interrupt_ends_a_paused_cell(self) -> None:
        self.attach()
        code = "let paused = 1;\npaused++;\npaused"
        self.break_at(code, 2)
        running = self.send(code)
        self.event("stopped")
        self.km.interrupt_kernel()
        assert self.outcome(running).reply["ename"] == "KeyboardInterrupt"
        self.request("disconnect")
        assert self.run_cell("paused").text == "1"

    def test_a_cell_spins_and_is_interrupted_after_the_debugger_was_switched_off_at_a_stop(self) -> None:
        self.attach()
        code = "const here = 1;\nhere"
        self.break_at(code, 2)
        running = self.send(code)
        self.event("stopped")
        self.request("disconnect")
        assert self.outcome(running).text == "1"
        assert self.interrupt_after("for (;;) {}", 0.2).reply["ename"] == "KeyboardInterrupt"

    def test_while_paused_completion_and_inspection_answer(self) -> None:
        self.run_cell("const before = { reachable: 1 }")
        self.attach()
        self.break_at("debugged();\nfunction debugged() { return 1 }", 2)
        running = self.send("debugged();\nfunction debugged() { return 1 }")
        self.event("stopped")
        assert "reachable" in self.reply(self.kc.complete("before.rea"))["matches"]
        self.request("disconnect")
        assert self.outcome(running).status == "ok"

    def test_an_unknown_command_is_refused_with_its_name(self) -> None:
        response = self.respond("reverseContinue")
        assert response["success"] is False
        assert "reverseContinue" in response["message"]


if __name__ == "__main__":
    unittest.main()
