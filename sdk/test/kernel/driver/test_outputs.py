"""What a cell shows, and to which cell it belongs."""

from __future__ import annotations

import unittest

from kernel_fixture import KernelCase


class Outputs(KernelCase):
    """Results, displays and streams."""

    def test_a_display_is_updated_in_place(self) -> None:
        outcome = self.run_cell(
            'display("one", { displayId: "d" }); display("two", { displayId: "d", update: true })'
        )
        [shown] = outcome.of_type("display_data")
        [updated] = outcome.of_type("update_display_data")
        assert shown["transient"] == {"display_id": "d"}
        assert updated["transient"] == {"display_id": "d"}
        assert [shown["data"]["text/plain"], updated["data"]["text/plain"]] == ["one", "two"]

    def test_a_value_brings_its_own_bundle_as_result_and_by_the_hook(self) -> None:
        code = """
            class Bold {
              async [Symbol.for("Jupyter.display")]() {
                return { "text/html": "<b>x</b>", "image/png": new Uint8Array([1, 2]), "text/plain": "x",
                  [Symbol.for("grym-synth.metadata")]: { "image/png": { width: 7 } } };
              }
            }
            globalThis[Symbol.for("grym-synth.kernel")].publish(
              { data: { "text/plain": "hooked" }, metadata: { a: 1 }, transient: {}, update: false });
            new Bold()
        """
        outcome = self.run_cell(code)
        [result] = outcome.of_type("execute_result")
        expected = {"text/html": "<b>x</b>", "image/png": "AQI=", "text/plain": "x"}
        assert result["data"] == expected
        assert result["metadata"] == {"image/png": {"width": 7}}
        [shown] = outcome.of_type("display_data")
        assert (shown["data"], shown["metadata"]) == ({"text/plain": "hooked"}, {"a": 1})

    def test_a_warning_of_node_appears_at_its_cell_but_not_what_the_kernel_tries_of_it(self) -> None:
        warned = self.run_cell(
            "Buffer(3); await import('node:vm'); await new Promise((r) => setTimeout(r, 100))"
        )
        assert "[DEP0005] DeprecationWarning: Buffer()" in warned.stream("stderr")
        assert "Experimental" not in warned.stream("stderr")

    def test_a_display_that_nobody_awaits_belongs_to_its_cell(self) -> None:
        slow = """
            class Slow {
              async [Symbol.for("Jupyter.display")]() {
                await new Promise((r) => setTimeout(r, 150));
                return { "text/plain": "slow" };
              }
            }
            class Failing {
              async [Symbol.for("Jupyter.display")]() { await null; throw new RangeError("no") }
            }
        """
        self.run_cell(slow)
        outcome = self.run_cell("display(new Slow()); 1")
        assert [m["msg_type"] for m in outcome.outputs[2:]] == ["display_data", "execute_result"]
        outcome = self.run_cell("display(new Slow()); throw new TypeError('after it')")
        assert outcome.reply["ename"] == "TypeError"
        assert len(outcome.of_type("display_data")) == 1
        outcome = self.run_cell("display(new Failing()); 1")
        assert [c["ename"] for c in outcome.of_type("error")] == ["RangeError"]
        assert outcome.status == "ok"
        assert (
            self.run_cell("try { await display(new Failing()) } catch (e) { e.name }; 'caught'").of_type(
                "error"
            )
            == []
        )

    def test_undefined_is_no_result(self) -> None:
        assert self.run_cell("undefined").of_type("execute_result") == []
        assert self.run_cell("const quiet = 1;").of_type("execute_result") == []

    def test_late_output_and_late_errors_belong_to_their_own_cell(self) -> None:
        late = (
            "setTimeout(() => { console.log('late'); Promise.reject(new TypeError('unhandled')); }, 150); 0"
        )
        msg_id = self.send(late)
        self.outcome(msg_id)
        other = self.send("await new Promise(r => setTimeout(r, 400))")
        stream = self.broadcasts_until("stream")
        assert stream["content"]["text"] == "late\n"
        assert stream["parent_header"]["msg_id"] == msg_id
        error = self.broadcasts_until("error")
        assert error["content"]["ename"] == "TypeError"
        assert error["parent_header"]["msg_id"] == msg_id
        assert self.outcome(other).status == "ok"

    def test_an_update_by_a_callback_of_an_earlier_cell_belongs_to_the_running_cell(self) -> None:
        ticking = (
            'display("0", { displayId: "bar" });'
            'setTimeout(() => display("1", { displayId: "bar", update: true }), 150); 0'
        )
        self.run_cell(ticking)
        running = self.send("await new Promise(r => setTimeout(r, 400))")
        updated = self.broadcasts_until("update_display_data")
        assert updated["parent_header"]["msg_id"] == running
        assert self.outcome(running).status == "ok"

    def test_a_throw_in_a_timer_does_not_end_the_kernel(self) -> None:
        self.run_cell("setTimeout(() => { throw new RangeError('in a timer') }, 20); 0")
        assert self.broadcasts_until("error")["content"]["ename"] == "RangeError"
        assert self.run_cell("'alive'").text == "'alive'"

    def test_a_silent_cell_has_no_number_and_no_result(self) -> None:
        before = self.run_cell("0").reply["execution_count"]
        outcome = self.run_cell("globalThis.silently = 1; 7", silent=True)
        assert outcome.of_type("execute_result") == []
        assert outcome.of_type("execute_input") == []
        after = self.run_cell("silently")
        assert (after.text, after.reply["execution_count"]) == ("1", before + 1)


if __name__ == "__main__":
    unittest.main()
