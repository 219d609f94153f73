"""The debugger as JupyterLab drives it: breakpoints in cells, stepping, locals, the variable inspector."""

from __future__ import annotations

import unittest
from typing import Any

from ipykernel.compiler import murmur2_x86
from kernel_fixture import TIMEOUT_SECONDS, KernelCase, Message

CELL = """interface Row { id: number }
const rows: Row[] = [{ id: 4 }, { id: 5 }];
function double(n: number): number {
  const twice = 2 * n;
  // a comment
  return twice;
}
const sum = rows.reduce((total, row) => total + double(row.id), 0);
sum"""


HELPER = """interface Row { id: number }
enum Unit { ms = 1000 }

export function total(rows: Row[]): number {
  // adds them up
  let sum = 0;
  for (const row of rows) sum += row.id * Unit.ms;
  return sum;
}
"""


class Debugger(KernelCase):
    """One kernel; each test begins and ends without a debugger."""

    types = "block"

    def setUp(self) -> None:
        self.seq = 0

    def request(self, command: str, **arguments: Any) -> Message:
        """Body of the response of a command that has to succeed."""
        response = self.respond(command, **arguments)
        assert response["success"], response
        return response["body"]

    def respond(self, command: str, **arguments: Any) -> Message:
        """Content of the reply to a `debug_request`."""
        self.seq += 1
        content = {"type": "request", "seq": self.seq, "command": command, "arguments": arguments}
        message = self.kc.session.msg("debug_request", content)
        self.kc.control_channel.send(message)
        while True:
            reply = self.kc.get_control_msg(timeout=TIMEOUT_SECONDS)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                assert reply["msg_type"] == "debug_reply"
                assert reply["content"]["request_seq"] == self.seq
                return reply["content"]

    def event(self, name: str) -> Message:
        """Body of the next event of a name."""
        while True:
            content = self.broadcasts_until("debug_event")["content"]
            if content["event"] == name:
                return content["body"]

    def attach(self) -> None:
        """Starts as JupyterLab does."""
        self.request("initialize", clientID="test", adapterID="")
        self.request("attach")
        self.event("initialized")

    def break_at(self, code: str, *lines: int) -> Message:
        """Sets breakpoints in a cell; its path and what they came to."""
        path = self.request("dumpCell", code=code)["sourcePath"]
        found = self.request(
            "setBreakpoints",
            source={"path": path},
            breakpoints=[{"line": line} for line in lines],
            sourceModified=False,
        )
        self.request("configurationDone")
        return {"path": path, "breakpoints": found["breakpoints"]}

    def break_in_file(self, path: str, *lines: int) -> list[Message]:
        """Sets breakpoints in a file; what they came to."""
        wanted = [{"line": line} for line in lines]
        return self.request("setBreakpoints", source={"path": path}, breakpoints=wanted)["breakpoints"]

    def stops(self, running: str) -> list[tuple[str, int]]:
        """Lets a cell go on at each of its stops; their reasons and lines, until its end."""
        found = []
        while True:
            message = self.kc.get_iopub_msg(timeout=TIMEOUT_SECONDS)
            if message["msg_type"] == "debug_event" and message["content"]["event"] == "stopped":
                found.append((message["content"]["body"]["reason"], self.frames()[0]["line"]))
                self.request("continue", threadId=1)
            elif message["parent_header"].get("msg_id") == running and is_idle(message):
                return found

    def frames(self) -> list[Message]:
        """The stack of the paused cell."""
        return self.request("stackTrace", threadId=1)["stackFrames"]

    def variables(self, scope: str) -> dict[str, str]:
        """Names and values of a scope of the innermost frame."""
        scopes = self.request("scopes", frameId=self.frames()[0]["id"])["scopes"]
        reference = next(it["variablesReference"] for it in scopes if it["name"] == scope)
        listed = self.request("variables", variablesReference=reference)["variables"]
        return {it["name"]: it["value"] for it in listed}

    def members(self, variable: Message) -> dict[str, Message]:
        """Members of a variable by their names."""
        reference = variable["variablesReference"]
        return {it["name"]: it for it in self.request("variables", variablesReference=reference)["variables"]}

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

    def test_a_breakpoint_stops_at_the_line_that_the_user_wrote(self) -> None:
        self.attach()
        set_ = self.break_at(CELL, 4)
        running = self.send(CELL)
        assert self.event("stopped")["reason"] == "breakpoint"
        top, *_, cell = self.frames()
        assert (top["name"], top["line"], top["source"]["path"]) == ("double", 4, set_["path"])
        assert cell["line"] == 8
        assert self.request("source", source={"path": set_["path"]})["content"] == CELL
        assert self.request("debugInfo")["stoppedThreads"] == [1]
        assert self.variables("Locals")["n"] == "4"
        assert "Row" not in self.variables("Globals")
        self.request("next", threadId=1)
        self.event("stopped")
        assert self.frames()[0]["line"] == 6
        assert self.variables("Locals")["twice"] == "8"
        frame = self.frames()[0]["id"]
        assert self.request("evaluate", expression="twice + n", frameId=frame)["result"] == "12"
        self.request("copyToGlobals", srcVariableName="twice", dstVariableName="kept", srcFrameId=frame)
        self.request("stepOut", threadId=1)
        self.event("stopped")
        self.request("continue", threadId=1)
        # The second row reaches the line again.
        self.event("stopped")
        assert self.variables("Locals")["n"] == "5"
        self.request("continue", threadId=1)
        assert self.outcome(running).text == "18"
        assert self.run_cell("kept").text == "8"
        self.request("disconnect")
        assert self.run_cell(CELL).text == "18"

    def test_a_breakpoint_is_verified_when_it_has_been_placed_and_an_event_says_so(self) -> None:
        self.attach()
        code = "let placed = 1;\n// a comment\nplaced += 1;\nplaced\n// the end"
        asked = self.break_at(code, 2, 5)["breakpoints"]
        assert [(it["verified"], it["line"]) for it in asked] == [(False, 2), (False, 5)]
        assert all("when this cell runs" in it["message"] for it in asked)
        running = self.send(code)
        changed = [self.event("breakpoint")["breakpoint"] for _ in asked]
        assert [it["id"] for it in changed] == [it["id"] for it in asked]
        assert [(it["verified"], it["line"]) for it in changed] == [(True, 3), (False, 5)]
        assert "no code" in changed[1]["message"]
        assert self.stops(running) == [("breakpoint", 3)]
        # Two lines may come to one place, which is given back once.
        assert [it["verified"] for it in self.break_at(code, 2, 3)["breakpoints"]] == [True, True]
        assert self.stops(self.send(code)) == [("breakpoint", 3)]
        self.break_at(code)
        assert self.stops(self.send(code)) == []
        self.request("disconnect")

    def test_a_breakpoint_in_a_local_file_stops_when_a_cell_imports_it_later_and_after_an_edit(self) -> None:
        path = str(self.folder / "helper.ts")
        (self.folder / "helper.ts").write_text(HELPER)
        code = 'import { total } from "./helper.ts";\ntotal([{ id: 1 }, { id: 2 }])'
        self.attach()
        assert not self.break_in_file(path, 5)[0]["verified"]
        running = self.send(code)
        changed = self.event("breakpoint")["breakpoint"]
        assert (changed["verified"], changed["line"]) == (True, 6)
        self.event("stopped")
        top, cell = self.frames()
        assert (top["name"], top["line"], top["source"]["path"]) == ("total", 6, path)
        assert (cell["name"], cell["line"]) == ("cell", 2)
        assert self.request("source", source={"path": path})["content"] == HELPER
        assert path in [it["path"] for it in self.request("modules")["modules"]]
        self.request("next", threadId=1)
        self.event("stopped")
        assert self.frames()[0]["line"] == 7
        assert self.variables("Locals")["sum"] == "0"
        self.request("continue", threadId=1)
        assert self.outcome(running).text == "3000"
        (self.folder / "helper.ts").write_text(f"// One line more.\n{HELPER}")
        assert self.break_in_file(path, 9)[0]["line"] == 9  # of the loaded text: its last brace
        assert self.stops(self.send(code)) == [("breakpoint", 9)]  # of the edited one: return
        self.break_in_file(path)
        assert self.stops(self.send(code)) == []
        self.request("disconnect")

    def test_every_kind_of_local_file_has_breakpoints(self) -> None:
        self.attach()
        for name, kind in (
            ("plain.mjs", "export"),
            ("typed.tsx", "export"),
            ("common.cjs", ""),
            ("typed.cts", ""),
        ):
            (self.folder / name).write_text(
                f"{kind} function half(n) {{\n  // a comment\n  return n / 2;\n}}\n"
                f"{'' if kind else 'module.exports = { half };'}\n"
            )
            path = str(self.folder / name)
            self.break_in_file(path, 2)
            # TypeScript sees no export in `module.exports` of a `.cts`.
            code = f'// @ts-nocheck\nimport {{ half }} from "./{name}";\nhalf(4)'
            assert self.stops(self.send(code)) == [("breakpoint", 3)], name
            assert [it["verified"] for it in self.break_in_file(path, 3)] == [True]
            self.break_in_file(path)
        self.request("disconnect")

    def test_a_file_stops_once_at_its_very_first_statement(self) -> None:
        self.attach()
        for name, text in (
            ("first.mjs", "export const one = 1;"),
            ("first.cjs", "module.exports = { one: 1 };"),
        ):
            (self.folder / name).write_text(f"{text}\n")
            self.break_in_file(str(self.folder / name), 1)
            code = f'import {{ one }} from "./{name}";\none'
            assert self.stops(self.send(code)) == [("breakpoint", 1)], name
        self.request("disconnect")

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

    def test_a_breakpoint_on_a_line_without_code_means_the_next_one(self) -> None:
        self.attach()
        code = f"{CELL} + 1"
        self.run_cell(code)
        assert [it["line"] for it in self.break_at(code, 1, 5)["breakpoints"]] == [2, 6]
        running = self.send(code)
        self.event("stopped")
        assert self.frames()[0]["line"] == 2
        self.request("disconnect")  # lets it run to its end
        assert self.outcome(running).text == "19"

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


def is_idle(message: Message) -> bool:
    """Whether a request has been dealt with."""
    return message["content"].get("execution_state") == "idle"


if __name__ == "__main__":
    unittest.main()
