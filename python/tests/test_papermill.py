"""What papermill injects, evaluated by Node; and how an installation knows the entry point."""

import datetime as dt
import importlib.metadata
import json
import math
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell

from grym_papermill.translator import ParameterNameError, TypeScriptTranslator
from grym_papermill.values import UntranslatableValueError, to_typescript

ROOT = Path(__file__).resolve().parents[2]
NODE = ROOT / "node_modules" / "node" / "bin" / "node"

VALUES = [
    (None, "null"),
    (True, "true"),
    (False, "false"),
    (0, "0"),
    (-7, "-7"),
    (2**53 - 1, "9007199254740991"),
    (2**53, "9007199254740992n"),
    (-(2**70), "-1180591620717411303424n"),
    (0.1, "0.1"),
    (1e16, "10000000000000000"),
    (5e-324, "5e-324"),
    (-0.0, "-0"),
    (math.nan, "NaN"),
    (math.inf, "Infinity"),
    (-math.inf, "-Infinity"),
    ("", "''"),
    ('`both` "kinds"\' ${x}', "'`both` \"kinds\"\\' ${x}'"),
    ("a\\b\tc\nd\r\0", "'a\\\\b\\tc\\nd\\r\\x00'"),
    ("Grün 🎻 音\u2028\u2029", "'Grün 🎻 音\u2028\u2029'"),
    ("\ud83c lone", "'\\ud83c lone'"),
    ([], "[]"),
    ([1, [None, [math.nan]], "x"], "[ 1, [ null, [ NaN ] ], 'x' ]"),
    ((1, 2), "[ 1, 2 ]"),
    ({}, "{}"),
    ({"a-b": 1, "class": {"ü": [2**60]}}, "{ 'a-b': 1, class: { 'ü': [ 1152921504606846976n ] } }"),
    ({1: "one", None: "none", 1.5: "half"}, "{ '1': 'one', null: 'none', '1.5': 'half' }"),
    ({"__proto__": 1}, "{ ['__proto__']: 1 }"),
]


def test_every_kind_of_value_arrives_in_node_as_what_it_was():
    expressions = [to_typescript(value) for value, _ in VALUES]
    script = (
        'import { inspect } from "node:util";\n'
        f"const values = [{','.join(f'({text})' for text in expressions)}];\n"
        "const shown = values.map((it) => inspect(it, { depth: null, breakLength: Infinity }));\n"
        "console.log(JSON.stringify(shown));"
    )
    command = [NODE, "--input-type=module-typescript", "-"]
    outcome = subprocess.run(command, input=script, capture_output=True, text=True, check=True)
    assert json.loads(outcome.stdout) == [shown for _, shown in VALUES]


def test_the_injected_cell_declares_each_parameter_below_its_comment():
    code = TypeScriptTranslator.codify({"layer": "qformer", "$k_ü": [1]}, "Parameters\nof */ a run")
    assert code == '// Parameters\n// of */ a run\nlet layer = "qformer";\nlet $k_ü = [1];\n'


@pytest.mark.parametrize("name", ["a-b", "1st", "", "a b", "class", "await", "let", "undefined", "x;y"])
def test_a_name_that_is_no_variable_is_refused_by_its_name(name):
    with pytest.raises(ParameterNameError, match=f'"{name}"'):
        TypeScriptTranslator.codify({name: 1})


@pytest.mark.parametrize("value", [b"x", {1}, dt.date(2026, 1, 1), [object()]])
def test_a_value_without_a_form_in_json_is_refused(value):
    kind = type(value[0] if isinstance(value, list) else value).__name__
    with pytest.raises(UntranslatableValueError, match=f"holds a {kind} "):
        to_typescript(value)


def test_declarations_of_the_parameters_cell_are_read_with_type_default_and_comment():
    source = (
        "// what to run\n"
        "const layer: string = 'qformer'; // which layer\n"
        "let clips = 12\n"
        "export const names: Record<string, number[]> = { a: [1] };\n"
        "console.log(layer);\n"
    )
    found = TypeScriptTranslator.inspect(new_code_cell(source))
    assert [tuple(parameter) for parameter in found] == [
        ("layer", "string", "'qformer'", "which layer"),
        ("clips", "None", "12", ""),
        ("names", "Record<string, number[]>", "{ a: [1] }", ""),
    ]


def test_this_environment_knows_the_entry_point():
    (found,) = importlib.metadata.entry_points(group="papermill.engine", name="grym-synth")
    assert found.value == "grym_papermill.engine:GrymSynthEngine"


def test_a_fresh_environment_gets_packages_and_entry_point_and_keeps_one_of_each(tmp_path):
    venv.create(tmp_path, with_pip=False)
    python = tmp_path / "bin" / "python"
    for _ in range(2):
        subprocess.run([python, ROOT / "python" / "install.py"], check=True)
    probe = (
        "import importlib.metadata as m, gama_operations as g; "
        "print(g.__file__, *[e.value for e in m.entry_points(group='papermill.engine')])"
    )
    outcome = subprocess.run(
        [python, "-E", "-c", probe], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    package = ROOT / "python" / "src" / "gama_operations" / "__init__.py"
    assert outcome.stdout.split() == [str(package), "grym_papermill.engine:GrymSynthEngine"]


def test_the_translator_can_be_asked_for_before_papermill():
    code = (
        "from grym_papermill.translator import TypeScriptTranslator as T\n"
        "from papermill.translators import papermill_translators as known\n"
        "assert known.find_translator('tslab', 'typescript') is T\n"
        "assert known.find_translator('grym-synth', None) is T"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
