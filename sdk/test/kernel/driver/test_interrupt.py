"""An interrupt stops any cell and keeps variables and child processes."""

from __future__ import annotations

import json
import os
import time
import unittest

from kernel_fixture import REPOSITORY, KernelCase

# What runs → the cell. Native calls without JavaScript are not among them: they end by themselves.
CELLS = {
    "a loop": "for (;;) {}",
    "a loop after an await": "await null; for (;;) {}",
    "a loop that catches everything": "try { for (;;) {} } catch {} finally { globalThis.ran = 1 }",
    "an await": "await new Promise(() => {})",
    "a loop in a timer": "setTimeout(() => { for (;;) {} }, 1); await new Promise(() => {})",
    "a loop in an immediate": "setImmediate(() => { for (;;) {} }); await new Promise(() => {})",
    "endless awaits": "for (;;) await null",
    "a runaway regular expression": "/^(a+)+$/.test('a'.repeat(40) + 'b')",
    "a storm of ticks": "const tick = () => process.nextTick(tick); tick(); await new Promise(() => {})",
    "a storm of microtasks": "const next = () => queueMicrotask(next); next(); await new Promise(() => {})",
    "a wait for another thread": "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)",
    "a value that shows itself for ever": "({ [Symbol.for('Jupyter.display')]() { for (;;) {} } })",
    "a display that never ends": (
        "display({ [Symbol.for('Jupyter.display')]: () => new Promise(() => {}) }); 1"
    ),
    "endless output": "for (;;) console.log('line')",
}


class Interrupts(KernelCase):
    """Interrupts by message, on one kernel."""

    def test_every_kind_of_cell_stops_with_its_variables_intact(self) -> None:
        self.run_cell("const kept = { n: 42 }; let ticks = 0; const clock = setInterval(() => ticks++, 5);")
        for name, code in CELLS.items():
            with self.subTest(name):
                outcome = self.interrupt_after(code, 0.25)
                assert outcome.reply.get("ename") == "KeyboardInterrupt"
                assert self.run_cell("kept.n").text == "42"
        waiting = "const before = ticks; await new Promise(r => setTimeout(r, 60)); ticks > before"
        assert self.run_cell(waiting).text == "true"

    def test_a_spawned_detached_child_survives(self) -> None:
        spawn = (
            'import { spawn } from "node:child_process";'
            'const child = spawn("sleep", ["30"], { detached: true, stdio: "ignore" }); child.pid'
        )
        pid = int(self.run_cell(spawn).text or "0")
        try:
            for code in ("for (;;) {}", "await new Promise(() => {})"):
                self.interrupt_after(code, 0.2)
            os.kill(pid, 0)
            assert self.run_cell("[child.exitCode, child.signalCode]").text == "[ null, null ]"
        finally:
            os.kill(pid, 9)

    def test_a_call_to_a_model_is_given_up_and_the_model_stays_loaded(self) -> None:
        sdk = json.dumps(str(REPOSITORY / "sdk" / "index.ts"))
        setup = f"import {{ GAMABridge }} from {sdk}; const bridge = new GAMABridge()"
        assert self.run_cell(f"{setup}; const model = 'wav2vec2-tiny'").status == "ok"
        assert self.run_cell("await bridge.executeOperation('load_model', { model })").status == "ok"
        self.run_cell("const { pid: before, models } = await bridge.executeOperation('status', {})")
        assert self.run_cell("models.map(({ model_id }) => model_id)").text == "[ 'wav2vec2-tiny' ]"
        embed = """
            const clip = { samples: new Float32Array(30 * 16_000).fill(0.1), sample_rate: 16_000 };
            const onProgress = ({ stage }) => { if (stage === "encode") console.log("begun"); };
            const audios = Array.from({ length: 200 }, () => clip);
            const data = { audios, model, batch_size: 1 };
            await bridge.executeOperation("extract_features", data, { onProgress });
        """
        running = self.send(embed)
        self.broadcasts_until("stream")
        self.km.interrupt_kernel()
        assert self.outcome(running).reply["ename"] == "KeyboardInterrupt"
        assert self.run_cell("bridge.stats().waiting").text == "0"
        next_call = """
            const { shape } = await bridge.executeOperation("extract_features", { audio: clip, model });
            const status = await bridge.executeOperation("status", {});
            [status.pid === before, bridge.stats().starts, status.models.length, shape.length]
        """
        assert self.run_cell(next_call).text == "[ true, 1, 1, 1 ]"
        assert self.run_cell("status.models[0].model_id").text == "'wav2vec2-tiny'"
        assert self.run_cell("await bridge.shutdown()").status == "ok"

    def test_the_rest_of_an_awaiting_cell_does_not_run_but_its_finally_does(self) -> None:
        code = """
            globalThis.steps = [];
            try {
              while (true) {
                if (steps.push("turn") === 5) console.log("turning");
                await new Promise(r => setTimeout(r, 20));
              }
            } finally { steps.push("finally") }
        """
        running = self.send(code)
        self.broadcasts_until("stream")
        self.km.interrupt_kernel()
        assert self.outcome(running).reply["ename"] == "KeyboardInterrupt"
        assert self.run_cell("steps.at(-1)").text == "'finally'"
        count = self.run_cell("steps.length").text
        time.sleep(0.15)
        assert self.run_cell("steps.length").text == count

    def test_a_loop_that_catches_every_error_is_parked_and_the_kernel_goes_on(self) -> None:
        code = """
            globalThis.turns = 0;
            for (;;) { try { turns++; await new Promise(r => setTimeout(r, 5)) } catch {} }
        """
        assert self.interrupt_after(code, 0.2).reply["ename"] == "KeyboardInterrupt"
        assert self.run_cell("1 + 1").text == "2"
        time.sleep(1.5)
        turns = self.run_cell("turns").text
        time.sleep(0.2)
        assert self.run_cell("turns").text == turns

    def test_a_finally_block_that_awaits_runs_to_its_end(self) -> None:
        code = """
            globalThis.steps = [];
            try { await new Promise(() => {}) } finally {
              steps.push("first");
              await new Promise(r => setTimeout(r, 50));
              steps.push("second");
              await null;
              steps.push("third");
            }
        """
        assert self.interrupt_after(code, 0.2).reply["ename"] == "KeyboardInterrupt"
        time.sleep(0.3)
        assert self.run_cell("steps.join()").text == "'first,second,third'"

    def test_an_interrupt_ends_an_error_that_takes_for_ever_to_look_at(self) -> None:
        code = "throw { get name() { for (;;) {} }, message: 'x', stack: 'y' }"
        assert self.interrupt_after(code, 0.3).reply["ename"] == "KeyboardInterrupt"
        assert self.run_cell("1 + 1").text == "2"

    def test_a_cell_written_after_the_interrupt_runs_even_when_it_arrives_before_it(self) -> None:
        running = self.send("for (;;) {}")
        waiting = self.send("'waited'")
        time.sleep(0.3)
        interrupt = self.kc.session.msg("interrupt_request")
        content = {"code": "'after'", "silent": False, "store_history": True, "allow_stdin": False}
        after = self.kc.session.msg("execute_request", content)
        self.kc.shell_channel.send(after)
        time.sleep(0.3)
        self.kc.control_channel.send(interrupt)
        assert self.outcome(running).reply["ename"] == "KeyboardInterrupt"
        assert self.outcome(waiting).status == "aborted"
        assert self.outcome(after["header"]["msg_id"]).text == "'after'"

    def test_a_cell_sent_right_after_the_interrupt_runs_but_one_that_waited_does_not(self) -> None:
        running = self.send("for (;;) {}")
        waiting = self.send("'waited'")
        time.sleep(0.3)
        self.km.interrupt_kernel()
        after = self.send("'after'")
        assert self.outcome(running).reply["ename"] == "KeyboardInterrupt"
        assert self.outcome(waiting).status == "aborted"
        assert self.outcome(after).text == "'after'"

    def test_an_interrupted_import_can_be_imported_again(self) -> None:
        (self.folder / "slow.ts").write_text(
            "const end = Date.now() + (globalThis.patience ?? 60_000);\n"
            "while (Date.now() < end) {}\nexport const loaded = true;\n"
        )
        self.run_cell("delete globalThis.patience")
        code = 'import { loaded } from "./slow.ts"; loaded'
        outcome = self.interrupt_after(code, 0.5)
        assert outcome.reply["ename"] == "KeyboardInterrupt"
        self.run_cell("globalThis.patience = 0")
        assert self.run_cell(code).text == "true"

    def test_a_package_and_a_required_file_that_were_half_done_are_loaded_afresh(self) -> None:
        spin = "const end = Date.now() + (globalThis.patience ?? 60_000);\nwhile (Date.now() < end) {}\n"
        package = self.folder / "node_modules" / "slow-package"
        package.mkdir(parents=True)
        (package / "package.json").write_text(
            '{"name": "slow-package", "type": "module", "main": "index.js"}'
        )
        (package / "index.js").write_text(f"{spin}export const loaded = true;\n")
        (self.folder / "lazy.ts").write_text('export const lazy = () => import("./lazily.ts");\n')
        (self.folder / "lazily.ts").write_text(f"{spin}export const loaded = true;\n")
        (self.folder / "slow.cjs").write_text(f"{spin}module.exports = {{ loaded: true }};\n")
        self.run_cell('import { lazy } from "./lazy.ts"')
        for code in (
            'import { loaded } from "slow-package"; loaded',
            'require("./slow.cjs").loaded',
            "(await lazy()).loaded",
        ):
            with self.subTest(code):
                self.run_cell("delete globalThis.patience")
                assert self.interrupt_after(code, 0.5).reply["ename"] == "KeyboardInterrupt"
                self.run_cell("globalThis.patience = 0")
                assert self.run_cell(code).text == "true"

    def test_an_import_that_nobody_awaits_does_not_make_others_count_as_half_done(self) -> None:
        (self.folder / "hang.ts").write_text("await new Promise(() => {});\n")
        (self.folder / "shared.ts").write_text("export class Shared {}\n")
        self.run_cell('void import("./hang.ts")')
        self.run_cell('import { Shared } from "./shared.ts"; const made = new Shared();')
        assert self.interrupt_after("for (;;) {}", 0.2).reply["ename"] == "KeyboardInterrupt"
        code = 'const again = await import("./shared.ts"); made instanceof again.Shared'
        assert self.run_cell(code).text == "true"

    def test_an_async_hook_is_warned_of(self) -> None:
        code = 'import { createHook } from "node:async_hooks"; const hook = createHook({}).enable(); 1'
        assert "interrupt" in self.run_cell(code).stream("stderr")
        assert self.run_cell("hook.disable(); 2").text == "2"

    def test_completion_answers_while_a_cell_spins(self) -> None:
        self.run_cell("const spinningName = 1;")
        running = self.send("for (;;) {}")
        time.sleep(0.2)
        assert self.reply(self.kc.complete("spinningN", 9))["matches"] == ["spinningName"]
        self.km.interrupt_kernel()
        assert self.outcome(running).reply["ename"] == "KeyboardInterrupt"

    def test_output_of_a_spinning_cell_appears_while_it_spins(self) -> None:
        running = self.send("console.log('first'); for (;;) {}")
        stream = self.broadcasts_until("stream")
        assert stream["content"]["text"] == "first\n"
        self.km.interrupt_kernel()
        assert self.outcome(running).reply["ename"] == "KeyboardInterrupt"

    def test_an_interrupt_of_an_idle_kernel_changes_nothing(self) -> None:
        self.run_cell("const idle = 5;")
        for _ in range(3):
            self.km.interrupt_kernel()
        # An interrupt comes by another socket than a cell, so a cell sent at once may overtake it;
        # the kernel says idle when it has taken the last one.
        self.interrupts_taken(3)
        assert self.run_cell("idle").text == "5"


if __name__ == "__main__":
    unittest.main()
