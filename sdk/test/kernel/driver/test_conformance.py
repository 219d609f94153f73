"""jupyter_kernel_test in full: every hook that it offers is supplied."""

from __future__ import annotations

import tempfile
import unittest
from typing import ClassVar

import jupyter_kernel_test
from jupyter_kernel_test import IopubWelcomeTests as WelcomeTests, KernelTests as ConformanceTests
from kernel_fixture import KERNEL_NAME, install_temporary_spec

HOOK = 'globalThis[Symbol.for("grym-synth.kernel")]'


class Conformance(ConformanceTests):
    """The common tests of Jupyter kernels."""

    kernel_name = KERNEL_NAME
    language_name = "typescript"
    file_extension = ".ts"
    code_hello_world = 'console.log("hello, world")'
    code_stderr = 'console.error("to stderr")'
    completion_samples: ClassVar = [
        {"text": "JSON.st", "matches": ["stringify"]},
        {"text": "Number.isSaf", "matches": ["isSafeInteger"]},
        {"text": "encodeURIC", "matches": ["encodeURIComponent"]},
    ]
    complete_code_samples: ClassVar = ["1 + 1", "const f = () => {}", "await 1;", "`a\nb`"]
    incomplete_code_samples: ClassVar = ["function f() {", "const s = `abc", "[1, 2,", "/* open"]
    invalid_code_samples: ClassVar = ["const a: = 3", "1 + )", "'open", "1 = 2"]
    code_page_something = HOOK + '.page({"text/plain": "a long text"})'
    code_generate_error = 'throw new RangeError("bad")'
    code_execute_result: ClassVar = [
        {"code": "1 + 1", "result": "2"},
        {"code": "1 + 2", "result": "3"},
        {"code": "({ a: [1, 'x'] })", "result": "{ a: [ 1, 'x' ] }"},
    ]
    code_display_data: ClassVar = [
        {"code": "display(new Map([[1, 2]]))", "mime": "text/plain"},
        {"code": 'display({ "text/html": "<b>x</b>" }, { raw: true })', "mime": "text/html"},
    ]
    code_history_pattern = "1?+?2*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "JSON.stringify"
    code_clear_output = "clearOutput()"


class Welcome(WelcomeTests):
    """A new subscriber is told that nothing will be missed."""

    kernel_name = KERNEL_NAME
    support_iopub_welcome = True


# Importing the base classes must not run them a second time, without their hooks.
del ConformanceTests, WelcomeTests

_spec: tempfile.TemporaryDirectory[str]


def setUpModule() -> None:
    """Installs the kernel spec."""
    global _spec  # noqa: PLW0603, unittest hands nothing from setUpModule to tearDownModule
    assert jupyter_kernel_test.__version__ == "0.7.0"
    _spec = install_temporary_spec()


def tearDownModule() -> None:
    """Removes the kernel spec."""
    _spec.cleanup()


if __name__ == "__main__":
    unittest.main()
