"""What a cell shows of a value, on a real kernel."""

from __future__ import annotations

import unittest

from kernel_fixture import KernelCase


class Values(KernelCase):
    """Results and displays."""

    def data(self, code: str) -> dict[str, object]:
        """The bundle of the result of a cell."""
        [result] = self.run_cell(code).of_type("execute_result")
        return result["data"]

    def test_a_result_and_a_display_of_the_same_value_are_the_same_bundle(self) -> None:
        for value in ["[{ a: 1 }, { a: 2 }]", "new Map([[1, 2]])", "Float32Array.of(1, 2)", "({ a: 1 })"]:
            result = self.data(value)
            [shown] = self.run_cell(f"await display({value}); 0").of_type("display_data")
            assert shown["data"] == result
        assert "<table" in str(self.data("[{ a: 1 }]")["text/html"])

    def test_the_display_of_the_package_and_that_of_the_kernel_are_the_same(self) -> None:
        code = """
            import { display as show } from "grym-synth/display";
            const value = new Set([1, 2]);
            await show(value, { displayId: "a" });
            await display(value, { displayId: "a" });
            await show({ "text/latex": "$x$" }, { raw: true, metadata: { m: 1 } });
            await display({ "text/latex": "$x$" }, { raw: true, metadata: { m: 1 } });
        """
        [first, second, third, fourth] = self.run_cell(code).of_type("display_data")
        assert first == second
        assert third == fourth
        assert (third["data"], third["metadata"]) == ({"text/latex": "$x$"}, {"m": 1})

    def test_displays_that_nobody_awaits_appear_in_the_order_of_their_calls(self) -> None:
        code = """
            const slow = { async [Symbol.for("Jupyter.display")]() {
              await display("within");
              await new Promise((resolve) => setTimeout(resolve, 100));
              return { "text/plain": "slow" };
            } };
            const broken = { [Symbol.for("Jupyter.display")]: async () => { throw new Error("no") } };
            display(slow); display(broken).catch(() => 0); display([{ a: 1 }]); display("quick"); 0
        """
        shown = self.run_cell(code).of_type("display_data")
        words = [message["data"]["text/plain"].split()[0] for message in shown]
        assert words == ["within", "slow", "a", "quick"]

    def test_a_result_with_a_then_is_shown_and_not_called(self) -> None:
        assert "then: [Function" in str(
            self.data("({ then: () => { throw new Error('called') } })")["text/plain"]
        )

    def test_a_text_has_quotes_as_result_and_none_when_displayed(self) -> None:
        outcome = self.run_cell("display('a'); display(null); 'a'")
        assert outcome.text == "'a'"
        shown = [message["data"] for message in outcome.of_type("display_data")]
        assert shown == [{"text/plain": "a"}, {"text/plain": "null"}]

    def test_a_bare_plotly_figure_has_a_picture_beside_it(self) -> None:
        self.run_cell('process.env.GRYM_BROWSER = "none"')
        data = self.data("({ data: [{ y: [1, 3, 2] }], layout: {} })")
        assert "application/vnd.plotly.v1+json" in data
        assert str(data["image/svg+xml"]).startswith("<svg")

    def test_an_error_as_value_folds_its_causes(self) -> None:
        data = self.data('new Error("outer", { cause: new RangeError("inner") })')
        assert "<details" in str(data["text/html"])
        assert "inner" in str(data["text/plain"])

    def test_a_value_that_refuses_to_be_read_is_shown_and_the_kernel_lives(self) -> None:
        trap = "new Proxy({}, { get() { throw new Error('no') }, has() { throw new Error('no') } })"
        assert "cannot be read: no" in str(self.data(trap)["text/plain"])
        assert self.run_cell("1 + 1").text == "2"

    def test_timed_tells_how_long_a_cell_took_and_keeps_the_value(self) -> None:
        self.run_cell('import { timed, help } from "grym-synth"')
        outcome = self.run_cell("const kept = await timed(async () => 41 + 1, { runs: 3 }); kept")
        assert str(outcome.text).startswith("Timed(")
        assert self.run_cell("[kept.value, kept.durations.length]").text == "[ 42, 3 ]"

    def test_help_is_displayed_or_goes_to_the_pager(self) -> None:
        self.run_cell('import { timed, help } from "grym-synth"')
        [shown] = self.run_cell("await help(timed)").of_type("display_data")
        assert "async function timed<T>(" in shown["data"]["text/markdown"]
        outcome = self.run_cell("await help(timed, { pager: true })")
        assert outcome.of_type("display_data") == []
        [page] = outcome.reply["payload"]
        assert page["source"] == "page"
        assert page["data"] == shown["data"]

    def test_a_clip_is_a_player_with_a_picture(self) -> None:
        code = """
            import { AudioClip } from "grym-synth";
            AudioClip.fromSamples(Float32Array.from({ length: 8000 }, (_, n) => Math.sin(n / 9)), 8000)
        """
        data = self.data(code)
        assert "<audio controls" in str(data["text/html"])
        assert "data:image/svg+xml" in str(data["text/html"])


if __name__ == "__main__":
    unittest.main()
