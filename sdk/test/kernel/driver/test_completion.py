"""Completion and inspection: by types, by values, in strings; also while the main thread is busy."""

from __future__ import annotations

import time
import unittest

import psutil
from kernel_fixture import TIMEOUT_SECONDS, KernelCase, Message

SETUP = """
const clip = { rate: 16000, "sample format": "f32" };
/** Adds two numbers.
 * @param a the first
 */
function add(a: number, b = 1): number {
  return a + b;
}
const parsed = JSON.parse('{"left": {"deep": 1}, "right": 2}');
class Model { name = "tiny"; describe(words: number): string { return this.name } }
const models = [new Model()];
let unset: { later: number };
"""


class Completion(KernelCase):
    """One kernel, one set of names."""

    types = "block"

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        (cls.folder / "sub").mkdir()
        for name in ("tone.wav", "table.csv", ".hidden", "sub/inner.flac"):
            (cls.folder / name).write_text("")
        cls.kc.execute_interactive(SETUP, timeout=TIMEOUT_SECONDS)

    def complete(self, code: str) -> Message:
        """Content of the reply for a cursor at the end."""
        return self.reply(self.kc.complete(code))

    def matches(self, code: str) -> list[str]:
        """What completes at the end of a text."""
        return self.complete(code)["matches"]

    def inspected(self, code: str, detail_level: int = 0) -> str:
        """Plain text about the name at the end of a text."""
        reply = self.reply(self.kc.inspect(code, None, detail_level))
        return reply["data"].get("text/plain", "") if reply["found"] else ""

    def test_members_are_known_by_type_and_by_value(self) -> None:
        assert self.matches("clip.ra") == ["rate"]
        assert self.matches("models[0].de") == ["describe"]  # by type: an index is no name
        assert self.matches("parsed.left.de") == ["deep"]  # by value: its type is any
        assert self.matches("unset.la") == ["later"]  # by type: there is no value yet

    def test_what_an_object_has_itself_comes_before_what_it_inherits(self) -> None:
        assert self.matches("parsed.")[:2] == ["left", "right"]

    def test_a_name_declared_in_the_unfinished_cell_completes(self) -> None:
        assert self.matches("const local = { width: 1 };\nlocal.wi") == ["width"]
        assert self.matches("const clip = { colour: 1 };\nclip.co")[0] == "colour"

    def test_a_match_has_its_signature_and_documentation(self) -> None:
        [match] = self.complete("ad")["metadata"]["_jupyter_types_experimental"]
        assert (match["text"], match["start"], match["end"]) == ("add", 0, 2)
        assert "add(a: number, b?: number): number" in match["signature"]
        assert "Adds two numbers." in match["documentation"]

    def test_keys_complete_between_quotes(self) -> None:
        reply = self.complete('clip["sa')
        assert (reply["matches"], reply["cursor_start"]) == (["sample format"], 6)
        assert self.matches("parsed['le") == ["left"]

    def test_files_complete_in_strings_and_sounds_come_first(self) -> None:
        files = self.matches('open("')
        assert files[:3] == ["tone.wav", "sub/", "table.csv"]
        assert ".hidden" not in files
        assert self.matches('open("./sub/in') == ["./sub/inner.flac"]
        assert self.matches(f"open('{self.folder}/to") == [f"{self.folder}/tone.wav"]

    def test_outside_of_strings_no_files_complete(self) -> None:
        assert "tone.wav" not in self.matches("open('x', to")
        assert "tone.wav" not in self.matches("// it's to")

    def test_names_of_a_type_that_was_redeclared_are_the_new_ones(self) -> None:
        self.run_cell("const shape = { old: 1 }")
        self.run_cell("const shape = { fresh: 1 }")
        assert self.matches("shape.")[0] == "fresh"
        assert "old" not in self.matches("shape.")

    def test_a_spinning_cell_does_not_hold_it_up(self) -> None:
        spinning = self.send("for (;;) {}")
        self.broadcasts_until("execute_input")
        assert "rate" in self.matches("clip.ra")
        assert self.matches("parsed.le") == ["left"]
        assert "16000" in self.inspected("clip.rate")
        self.km.interrupt_kernel()
        assert self.outcome(spinning).reply["ename"] == "KeyboardInterrupt"

    def test_native_code_does_not_hold_it_up(self) -> None:
        code = 'import { execSync } from "node:child_process"; console.log("now"); execSync("sleep 60")'
        sleeping = self.send(code)
        self.broadcasts_until("stream")
        time.sleep(0.2)
        assert "rate" in self.matches("clip.ra")
        assert "Adds two numbers." in self.inspected("add")
        # Nothing here is of a value, and both were answered before the cell could end.
        assert not self.kc.shell_channel.msg_ready()
        children = psutil.Process(self.km.provisioner.pid).children(recursive=True)
        next(it for it in children if it.name() == "sleep").kill()
        self.outcome(sleeping)

    def test_inspection_tells_type_documentation_and_value(self) -> None:
        text = self.inspected("add")
        assert "function add(a: number, b?: number): number" in text
        assert "Adds two numbers." in text
        assert 'rate: 16000, sample format: "f32"' in self.inspected("clip")
        markdown = self.reply(self.kc.inspect("add"))["data"]["text/markdown"]
        assert "```typescript" in markdown

    def test_inside_a_call_the_function_is_told(self) -> None:
        assert "add(a: number, b?: number): number" in self.inspected("add(clip.rate, ")

    def test_the_source_is_told_when_it_is_asked_for(self) -> None:
        assert "return a + b;" in self.inspected("add", 1)
        assert 'const clip = { rate: 16000, "sample format": "f32" };' in self.inspected("clip", 1)
        assert "JSON.parse(" not in self.inspected("parsed")
        assert "JSON.parse(" in self.inspected("parsed", 1)

    def test_of_a_name_that_does_not_exist_nothing_is_told(self) -> None:
        assert self.reply(self.kc.inspect("nowhere"))["found"] is False


class CompletionByValues(KernelCase):
    """Without types."""

    def test_getters_are_not_called(self) -> None:
        self.run_cell("let calls = 0; const holder = { get risky() { calls++; return {} }, plain: 1 };")
        matches = self.reply(self.kc.complete("holder.", 7))["matches"]
        assert "risky" in matches
        assert "plain" in matches
        assert self.reply(self.kc.complete("holder.risky.", 13))["matches"] == []
        assert self.run_cell("calls").text == "0"

    def test_places_count_characters(self) -> None:
        reply = self.reply(self.kc.complete("'😀'; JSON.str", 13))
        assert (reply["matches"], reply["cursor_start"]) == (["stringify"], 10)


if __name__ == "__main__":
    unittest.main()
