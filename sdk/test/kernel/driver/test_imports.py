"""Cells import packages and local files."""

from __future__ import annotations

import unittest

from kernel_fixture import KernelCase


class Imports(KernelCase):
    """Packages and local files."""

    def test_node_and_json_and_commonjs_modules_are_imported(self) -> None:
        (self.folder / "data.json").write_text('{"n": 3}')
        (self.folder / "old.cjs").write_text("module.exports = { twice: (x) => 2 * x };")
        code = 'import data from "./data.json"; import { twice } from "./old.cjs"; twice(data.n)'
        assert self.run_cell(code).text == "6"

    def test_an_esm_package_with_top_level_await_is_imported(self) -> None:
        package = self.folder / "node_modules" / "awaiting"
        package.mkdir(parents=True)
        manifest = '{"name": "awaiting", "type": "module", "exports": {"import": "./index.js"}}'
        (package / "package.json").write_text(manifest)
        (package / "index.js").write_text("export const value = await Promise.resolve(9);")
        assert self.run_cell('import { value } from "awaiting"; value').text == "9"

    def test_the_sdk_is_imported_from_any_folder(self) -> None:
        code = 'import { AudioClip } from "grym-synth"; import { table } from "grym-synth/display";'
        assert self.run_cell(f"{code} [typeof AudioClip, typeof table]").text == "[ 'function', 'function' ]"
        absent = self.run_cell('import "grym-synth-absent"')
        assert "Cannot find package 'grym-synth-absent'" in absent.reply["evalue"]

    def test_a_local_typescript_file_may_use_everything_of_the_language(self) -> None:
        library = self.folder / "library"
        library.mkdir()
        (library / "index.ts").write_text(
            'export * from "./parts.js";\nexport { default as Box } from "./box";\n'
        )
        (library / "parts.ts").write_text("export enum Kind { A = 4 }\nexport type T = string;\n")
        (library / "box.ts").write_text("export default class Box { constructor(public size: number) {} }\n")
        code = 'import { Kind, Box, type T } from "./library"; const t: T = "x"; [Kind.A, new Box(2).size, t]'
        assert self.run_cell(code).text == "[ 4, 2, 'x' ]"

    def test_an_edited_file_and_its_importers_are_loaded_again(self) -> None:
        (self.folder / "inner.ts").write_text("export const value: number = 1;\n")
        (self.folder / "outer.ts").write_text(
            'import { value } from "./inner.ts";\nexport const outer = () => value * 10;\n'
        )
        code = 'import { outer } from "./outer.ts"; outer()'
        assert self.run_cell(code).text == "10"
        (self.folder / "inner.ts").write_text("export const value: number = 2 + 0;\n")
        assert self.run_cell(code).text == "20"

    def test_a_missing_name_or_module_is_an_error_that_names_it(self) -> None:
        outcome = self.run_cell('import { nope } from "node:path"; nope()')
        assert '"node:path" has no export named nope' in outcome.reply["evalue"]
        outcome = self.run_cell('import "./absent.ts"')
        assert "absent.ts" in outcome.reply["evalue"]


if __name__ == "__main__":
    unittest.main()
