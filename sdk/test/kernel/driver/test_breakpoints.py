"""Breakpoints: where V8 can pause, in cells and in local files, verified only when placed."""

from __future__ import annotations

import unittest

from debugger_fixture import CELL, HELPER, DebuggerCase


class Breakpoints(DebuggerCase):
    """One kernel with the debugger on."""

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


if __name__ == "__main__":
    unittest.main()
