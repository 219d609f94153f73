"""Cells import packages and local files."""

from __future__ import annotations

import re
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

    def test_edited_commonjs_files_are_loaded_again(self) -> None:
        (self.folder / "in.cjs").write_text("module.exports = { v: 1 };\n")
        (self.folder / "out.cjs").write_text("module.exports = { v: require('./in.cjs').v * 10 };\n")
        imported = 'import out from "./out.cjs"; out.v'
        required = 'require("./out.cjs").v'
        assert [self.run_cell(code).text for code in (imported, required)] == ["10", "10"]
        for value in (22, 333):
            (self.folder / "in.cjs").write_text(f"module.exports = {{ v: {value} }};\n")
            assert [self.run_cell(code).text for code in (imported, required)] == [f"{value}0"] * 2

    def test_an_edited_workspace_package_is_loaded_again_and_an_installed_one_is_not(self) -> None:
        workspace = self.folder / "packages" / "mine"
        installed = self.folder / "node_modules" / "installed"
        for package in (workspace, installed):
            package.mkdir(parents=True)
            (package / "package.json").write_text('{"type": "module", "main": "index.ts"}')
            (package / "index.js").write_text("export const v = 1;\n")
        (workspace / "index.ts").write_text('export { v } from "./part.ts";\n')
        (workspace / "part.ts").write_text("export const v: number = 1;\n")
        (installed / "package.json").write_text('{"type": "module", "main": "index.js"}')
        (self.folder / "node_modules" / "mine").symlink_to(workspace)
        code = 'import { v as mine } from "mine"; import { v as other } from "installed"; [mine, other]'
        assert self.run_cell(code).text == "[ 1, 1 ]"
        (workspace / "part.ts").write_text("export const v: number = 2 + 0;\n")
        (installed / "index.js").write_text("export const v = 2 + 0;\n")
        assert self.run_cell(code).text == "[ 2, 1 ]"

    def test_json_needs_no_attribute_in_a_local_file(self) -> None:
        (self.folder / "facts.json").write_text('{"n": 4}')
        (self.folder / "facts.ts").write_text(
            'import facts from "./facts.json";\nexport const n = facts.n;\n'
        )
        assert (
            self.run_cell('import { n } from "./facts.ts"; [n, require("./facts.json").n]').text == "[ 4, 4 ]"
        )

    def test_what_a_cell_exports_from_a_module_it_has(self) -> None:
        code = 'export { join, sep as separator } from "node:path"; export * as paths from "node:path";'
        assert self.run_cell(f"{code} typeof paths.join").text == "'function'"
        assert self.run_cell("[join('a', 'b'), separator]").text == "[ 'a/b', '/' ]"
        assert "import * as" in self.run_cell('export * from "node:path"').reply["evalue"]

    def test_require_and_import_meta_start_from_the_folder_of_the_notebook(self) -> None:
        (self.folder / "near.cjs").write_text("module.exports = 'near';\n")
        assert self.run_cell("const loader = require; loader('./near.cjs')").text == "'near'"
        assert (
            self.run_cell("require.resolve('./near.cjs') === import.meta.dirname + '/near.cjs'").text
            == "true"
        )
        assert self.run_cell("import.meta.resolve('./near.cjs').endsWith('/near.cjs')").text == "true"
        assert self.run_cell("typeof globalThis.require").text == "'undefined'"

    def test_decorators_and_accessors_and_namespaces_run_in_cells_and_files(self) -> None:
        text = """
            const log: string[] = [];
            function noted(value: any, { name }: DecoratorContext) { log.push(String(name)); return value }
            @noted class Thing { @noted twice(n: number) { return 2 * n } accessor size = 3 }
            namespace Counter { export let count = 0; export function raise() { count++ } }
            Counter.raise();
        """
        shown = "[log.join(), new Thing().twice(4), new Thing().size, Counter.count]"
        expected = "[ 'twice,Thing', 8, 3, 1 ]"
        assert self.run_cell(text + shown).text == expected
        assert self.run_cell(shown).text == expected
        assert self.run_cell("Object.keys(globalThis).filter((it) => /^_/.test(it))").text == "[]"
        (self.folder / "decorated.ts").write_text(f"{text}export const shown = {shown};\n")
        assert self.run_cell('import { shown } from "./decorated.ts"; shown').text == expected
        failing = "const fine = 1;\nfunction id(v, c) { return v }\n@id class Bad {}\nthrow new Error('late')"
        assert re.search(r"Cell \[\d+\], line 4:\d+", self.run_cell(failing).traceback)

    def test_jsx_runs_with_the_factory_that_there_is(self) -> None:
        code = "const React = { createElement: (kind, props, ...children) => [kind, props, children] };\n"
        assert self.run_cell(f"{code}<b id='x'>hi, there</b>").text == "[ 'b', { id: 'x' }, [ 'hi, there' ] ]"
        assert self.run_cell("const asserted = <number>(<unknown>7); asserted").text == "7"
        (self.folder / "view.tsx").write_text(
            "/** @jsxRuntime classic @jsx h */\n"
            "const h = (kind: string) => kind;\nexport const view = <i/>;\n"
        )
        assert self.run_cell('import { view } from "./view"; view').text == "'i'"

    def test_a_missing_name_or_module_is_an_error_that_names_it(self) -> None:
        outcome = self.run_cell('import { nope } from "node:path"; nope()')
        assert '"node:path" has no export named nope' in outcome.reply["evalue"]
        outcome = self.run_cell('import "./absent.ts"')
        assert "absent.ts" in outcome.reply["evalue"]


if __name__ == "__main__":
    unittest.main()
