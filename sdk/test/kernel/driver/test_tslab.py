"""The SDK under tslab 1.0.22: what works there, and every loss that docs/tslab.md lists."""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any, ClassVar
from unittest import mock

from kernel_fixture import NODE, REPOSITORY, KernelCase, Outcome

TSLAB = REPOSITORY / "tslab" / "node_modules" / "tslab" / "bin" / "tslab"


def write_spec(folder: Path) -> None:
    """Writes tslab's kernel spec into a Jupyter data folder."""
    spec = folder / "kernels" / "tslab"
    spec.mkdir(parents=True)
    argv = [NODE, str(TSLAB), "kernel", "--config-path={connection_file}"]
    (spec / "kernel.json").write_text(
        json.dumps({"argv": argv, "display_name": "TypeScript (tslab)", "language": "typescript"})
    )


def write_clone(folder: Path) -> Path:
    """A folder in which packages are found as in a clone's notebooks/, and `grym-synth` is this SDK."""
    packages = folder / "node_modules"
    packages.mkdir()
    for package in (REPOSITORY / "node_modules").iterdir():
        if not package.name.startswith("."):
            (packages / package.name).symlink_to(
                REPOSITORY / "sdk" if package.name == "grym-synth" else package
            )
    (folder / "datasets").symlink_to(REPOSITORY / "datasets")
    notebooks = folder / "notebooks"
    notebooks.mkdir()
    return notebooks


class UnderTslab(KernelCase):
    """One kernel of tslab; a cell sees what the cells before it have declared."""

    kernel_name = "tslab"
    transport = "tcp"
    _environment: ClassVar[mock._patch_dict]

    @classmethod
    def setUpClass(cls) -> None:
        cls._spec = tempfile.TemporaryDirectory(prefix="grym-tslab-spec-")
        write_spec(Path(cls._spec.name))
        cls._environment = mock.patch.dict(os.environ, {"JUPYTER_PATH": cls._spec.name})
        cls._environment.start()
        cls._folder = tempfile.TemporaryDirectory(prefix="grym-tslab-")
        cls.folder = write_clone(Path(cls._folder.name))
        cls.start_kernel()

    @classmethod
    def tearDownClass(cls) -> None:
        super().tearDownClass()
        cls._environment.stop()

    def run_cell(self, code: str, **options: Any) -> Outcome:
        """Runs a cell again for as long as tslab refuses it: for a while after an error it takes none."""
        while True:
            outcome = super().run_cell(code, **options)
            if outcome.status != "abort":
                return outcome
            time.sleep(0.05)

    def shown(self, code: str) -> list[tuple[str, str]]:
        """Type of each display message of a cell, and the one form that it has."""
        outcome = self.run_cell(code)
        assert outcome.status == "ok", outcome.outputs
        messages = [m for m in outcome.outputs if m["msg_type"].endswith("display_data")]
        return [(m["msg_type"], *m["content"]["data"]) for m in messages]

    def test_the_declarations_are_read_and_a_wrong_type_is_refused(self) -> None:
        right = 'import { GAMABridge } from "grym-synth"; const n: number = new GAMABridge().processNumber;'
        assert self.run_cell(right).status == "ok"
        wrong = self.run_cell(
            'import { GAMABridge } from "grym-synth"; const s: string = new GAMABridge().pid;'
        )
        assert wrong.status == "error"
        assert "Type 'number' is not assignable to type 'string'" in wrong.stream("stderr")

    def test_every_entry_of_the_package_and_the_data_sets_load(self) -> None:
        outcome = self.run_cell(
            'import { verifySeal } from "grym-synth/compare";'
            'import { PatternStorage } from "grym-synth/patterns";'
            'import { openDataset } from "../datasets";'
            "const rows = (await openDataset()).rows;"
            "const label: string = rows[0].labels.class;"
            "console.log(typeof verifySeal, typeof PatternStorage, label)"
        )
        assert outcome.status == "ok", outcome.outputs
        assert outcome.stream("stdout") == "function function dog\n"

    def test_display_sends_the_richest_form_and_progress_is_updated_in_place(self) -> None:
        head = 'import { display, figure, progress, table } from "grym-synth/display";'
        assert self.shown(head + "await display(table([{ a: 1 }]))") == [("display_data", "text/html")]
        picture = "await display(figure({ data: [{ type: 'scatter', x: [1, 2], y: [1, 2] }] }))"
        ((kind, form),) = self.shown(head + picture)
        assert kind == "display_data"
        assert form in ("image/png", "image/svg+xml")
        bar = (
            "const bar = progress('work'); for (const done of [1, 2]) bar({ done, total: 2, unit: 'clips' });"
        )
        first, *more = self.shown(head + bar)
        assert first == ("display_data", "text/html")
        assert more
        assert set(more) == {("update_display_data", "text/html")}

    def test_lost_are_error_messages_and_results(self) -> None:
        failed = self.run_cell('throw new RangeError("too far")')
        assert failed.status == "error"
        assert "RangeError: too far" in failed.stream("stderr")
        assert "ename" not in failed.reply
        assert failed.of_type("error") == []
        value = self.run_cell("1 + 1")
        assert value.text is None
        assert value.stream("stdout") == "2\n"

    def test_lost_are_using_extensions_of_local_modules_and_short_properties_of_earlier_names(self) -> None:
        assert self.run_cell("using nothing = null;").status == "error"
        extension = self.run_cell('import { openDataset } from "../datasets/index.ts"; openDataset()')
        assert "allowImportingTsExtensions" in extension.stream("stderr")
        assert self.run_cell("const early = 1;").status == "ok"
        assert self.run_cell("console.log({ early: early })").stream("stdout") == "{ early: 1 }\n"
        assert "early is not defined" in self.run_cell("({ early })").stream("stderr")

    def test_lost_are_modules_that_await_at_top_level(self) -> None:
        (self.folder / "late.mjs").write_text("export const late = await Promise.resolve(1);\n")
        refused = self.run_cell("const name: string = './late.mjs'; const late = await import(name);")
        assert refused.status == "error"
        assert "ERR_REQUIRE_ASYNC_MODULE" in refused.stream("stderr")
