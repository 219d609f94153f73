"""Cells are TypeScript as one expects it."""

from __future__ import annotations

import re
import textwrap
import unittest

from kernel_fixture import KernelCase


class Declarations(KernelCase):
    """Names across cells."""

    def test_a_name_may_change_its_kind_in_every_later_cell(self) -> None:
        for cell in ("const a = 1;", "let a = 2;", "var a = 3;", "function a() { return 4 }", "class a {}"):
            assert self.run_cell(cell).status == "ok", cell
        assert self.run_cell("const a: string = 'five'; a").text == "'five'"

    def test_types_enums_parameter_properties_and_namespaces_are_accepted(self) -> None:
        code = """
            interface Point { x: number }
            enum Colour { Red, Green = 5 }
            namespace Deep { export const k = 7 }
            class Named { constructor(readonly name: string) {} }
            const p = { x: 1 } satisfies Point;
            [Colour.Green, Colour[0], Deep.k, new Named("n").name, p.x]
        """
        assert self.run_cell(textwrap.dedent(code)).text == "[ 5, 'Red', 7, 'n', 1 ]"
        assert self.run_cell("enum Colour { Blue }; Colour").text == "{ '0': 'Blue', Blue: 0 }"

    def test_a_function_is_there_before_its_line_and_calls_the_newest_of_its_name(self) -> None:
        self.run_cell("function helper() { return 1 }")
        early = "const got = early();\nfunction early() { return helper() + 1 }\ngot"
        assert self.run_cell(early).text == "2"
        self.run_cell("function helper() { return 10 }")
        assert self.run_cell("early()").text == "11"

    def test_destructuring_declares_every_name(self) -> None:
        self.run_cell("const { a1, b1: [c1 = 3, ...d1], ...e1 } = { a1: 1, b1: [undefined, 4], f1: 5 };")
        assert self.run_cell("[a1, c1, d1, e1]").text == "[ 1, 3, [ 4 ], { f1: 5 } ]"

    def test_var_in_a_block_or_loop_head_belongs_to_the_notebook(self) -> None:
        self.run_cell("{ var inBlock = 1 } for (var [k, v] of [[1, 2]]) {} for (var n = 0; n < 3; n++) {}")
        assert self.run_cell("[inBlock, k, v, n]").text == "[ 1, 1, 2, 3 ]"

    def test_a_name_of_node_can_be_declared_and_node_keeps_its_own(self) -> None:
        self.run_cell('import { setTimeout } from "node:timers/promises"; const crypto = "mine";')
        assert self.run_cell('await setTimeout(1, "value")').text == "'value'"
        assert self.run_cell("[crypto, typeof globalThis.crypto]").text == "[ 'mine', 'object' ]"
        self.run_cell("const beside = 1, fetch = 2;")
        assert self.run_cell("let beside = 3; [beside, fetch]").text == "[ 3, 2 ]"
        assert self.run_cell("beside").text == "3"
        assert self.run_cell("AbortSignal.timeout(5).aborted").text == "false"

    def test_a_failed_cell_declares_only_what_it_has_assigned(self) -> None:
        failing = (
            "const early = 1; let empty; const never = (() => { throw new Error('x') })(); let later = 1"
        )
        assert self.run_cell(failing).status == "error"
        assert self.run_cell("[early, empty]").text == "[ 1, undefined ]"
        for name in ("never", "later"):
            assert self.run_cell(name).reply["evalue"] == f"{name} is not defined"
        self.run_cell("let never = 2")
        self.run_cell("const never = (() => { throw new Error('x') })()")
        assert self.run_cell("never").text == "2"

    def test_a_name_is_not_readable_before_its_declaration(self) -> None:
        outcome = self.run_cell("const first = second; const second = 1;")
        assert outcome.reply["ename"] == "ReferenceError"
        assert outcome.reply["evalue"] == "Cannot access 'second' before initialization"

    def test_an_object_literal_alone_is_an_object(self) -> None:
        assert self.run_cell("{ a: 1, b: 2 }").text == "{ a: 1, b: 2 }"
        assert self.run_cell("{ a: 1 } // a comment").text == "{ a: 1 }"

    def test_empty_statements_do_not_hide_the_last_expression(self) -> None:
        assert self.run_cell("1 + 1;;\n;").text == "2"

    def test_the_name_of_the_helpers_is_refused(self) -> None:
        assert "__grym" in self.run_cell("const __grym = 1").reply["evalue"]

    def test_using_is_disposed_at_the_end_of_its_cell(self) -> None:
        code = """
            await using later = { async [Symbol.asyncDispose]() { console.log("async gone") } };
            using now = { [Symbol.dispose]() { console.log("gone") } };
            console.log("body");
        """
        assert self.run_cell(code).stream("stdout") == "body\ngone\nasync gone\n"

    def test_for_await_awaits_promises_and_takes_strings(self) -> None:
        code = """
            const seen = [];
            for await (const v of [Promise.resolve(1), 2]) seen.push(v);
            for await (const c of 'ab') seen.push(c);
            seen
        """
        assert self.run_cell(code).text == "[ 1, 2, 'a', 'b' ]"
        code = """
            const log = [];
            async function* g() { try { yield 1; yield 2 } finally { log.push('closed') } }
            for await (const v of g()) break;
            log
        """
        assert self.run_cell(code).text == "[ 'closed' ]"

    def test_a_promise_as_last_expression_gives_its_value(self) -> None:
        assert self.run_cell("Promise.resolve(41).then(x => x + 1)").text == "42"


class NamesOfNode(KernelCase):
    """Names that Node and packages rely on, declared or assigned by cells."""

    def test_a_declared_name_of_node_is_one_variable_in_all_cells(self) -> None:
        self.run_cell("let name = 1, performance = 1; const raise = () => ++performance;")
        assert self.run_cell("performance = 5; raise()").text == "6"
        assert self.run_cell("performance").text == "6"
        code = "const { performance: p } = { performance }; ((performance) => performance)(1) + p"
        assert self.run_cell(code).text == "7"
        assert self.run_cell("typeof globalThis.performance.now").text == "'function'"
        assert self.run_cell(
            "function fetch() { return 'own' } class Event {} [fetch(), Event.name]"
        ).text == ("[ 'own', 'Event' ]")
        assert self.run_cell("[fetch.name, fetch()]").text == "[ 'fetch', 'own' ]"

    def test_an_assignment_to_a_name_of_node_leaves_the_kernel_its_own(self) -> None:
        self.run_cell("process = 1; JSON = {}; Promise = 2; queueMicrotask = setImmediate = 0")
        assert self.run_cell("[process, JSON, typeof globalThis.process]").text == "[ 1, {}, 'object' ]"
        self.run_cell("globalThis.JSON.stringify = () => '<'; globalThis.setImmediate = 1")
        assert self.run_cell("display('shown'); 'whole'").text == "'whole'"


class Errors(KernelCase):
    """Errors name the line that the user wrote."""

    def test_the_traceback_names_cell_and_line_of_the_source(self) -> None:
        code = (
            "interface Unused {\n  a: string;\n}\n\n"
            "function thrower(n: number) {\n  throw new RangeError(`bad ${n}`);\n}"
        )
        first = self.run_cell(code).reply["execution_count"]
        outcome = self.run_cell("const before = 1;\n// a comment\nawait null;\nthrower(before)")
        assert (outcome.reply["ename"], outcome.reply["evalue"]) == ("RangeError", "bad 1")
        assert f"thrower (Cell [{first}], line 6:9)" in outcome.traceback
        assert f"Cell [{first + 1}], line 4:1" in outcome.traceback
        assert "----> 6 |   throw new RangeError" in outcome.traceback
        assert [c["ename"] for c in outcome.of_type("error")] == ["RangeError"]

    def test_the_traceback_names_the_line_of_a_local_file(self) -> None:
        (self.folder / "failing.ts").write_text(
            "enum Filler { A }\ninterface B {}\n"
            "export function fail(): never {\n  throw new Error(Filler[0]);\n}\n"
        )
        outcome = self.run_cell('import { fail } from "./failing.ts";\nfail()')
        assert "failing.ts:4:9" in outcome.traceback

    def test_causes_are_shown(self) -> None:
        outcome = self.run_cell('throw new Error("outer", { cause: new TypeError("inner") })')
        assert "Caused by:" in outcome.traceback
        assert "inner" in outcome.traceback

    def test_an_error_is_known_by_the_name_of_its_class(self) -> None:
        self.run_cell("class MyError extends Error {}; class Named extends Error { name = 'Own' }")
        names = {
            "throw new MyError('x')": "MyError",
            "throw new Named('x')": "Own",
            "new Uint8Array(-1)": "RangeError",
            "(await import('node:fs')).readFileSync({})": "TypeError",
            "throw Object.assign(new Error('x'), { name: 5 })": "Error",
        }
        for code, name in names.items():
            assert self.run_cell(code).reply["ename"] == name, code

    def test_an_error_of_many_errors_is_shown_in_part(self) -> None:
        code = """
            const many = (n) => n === 0 ? new Error("leaf") :
              new AggregateError(Array.from({ length: 10 }, () => many(n - 1)), "branch");
            throw many(4)
        """
        outcome = self.run_cell(code)
        assert "… and more errors" in outcome.traceback
        assert len(outcome.traceback) < 20_000

    def test_a_stack_in_a_form_of_the_users_own_does_not_hide_the_line(self) -> None:
        self.run_cell("Error.prepareStackTrace = (_, sites) => sites")
        outcome = self.run_cell("\nthrow new Error('x')")
        self.run_cell("delete Error.prepareStackTrace")
        assert "line 2:7" in outcome.traceback

    def test_a_syntax_error_names_its_place_also_after_non_ascii_text(self) -> None:
        outcome = self.run_cell('const ü = "é";\nconst b: = 3;')
        assert outcome.reply["ename"] == "SyntaxError"
        assert re.search(r"Cell \[\d+\], line 2:10", outcome.traceback)

    def test_what_is_thrown_need_not_be_an_error(self) -> None:
        outcome = self.run_cell("throw { code: 7 }")
        assert outcome.reply["ename"] == "Uncaught"
        assert "code: 7" in outcome.reply["evalue"]

    def test_a_failed_cell_aborts_what_waits_and_nothing_else(self) -> None:
        first = self.send("await new Promise(r => setTimeout(r, 200)); throw new Error('x')")
        second = self.send("globalThis.reached = true")
        assert self.outcome(first).status == "error"
        assert self.outcome(second).status == "aborted"
        assert self.run_cell("typeof reached").text == "'undefined'"
        first = self.send("await null; throw new Error('x')", stop_on_error=False)
        second = self.send("'reached'")
        assert self.outcome(first).status == "error"
        assert self.outcome(second).text == "'reached'"

    def test_process_exit_is_refused_and_the_kernel_lives(self) -> None:
        assert "would end the kernel" in self.run_cell("process.exit(3)").reply["evalue"]
        assert self.run_cell("'alive'").text == "'alive'"


if __name__ == "__main__":
    unittest.main()
