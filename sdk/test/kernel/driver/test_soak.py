"""Many cells in one kernel, many kernels: memory stays flat and nothing is left behind.

`GRYM_SOAK=1` runs the long form; `GRYM_SOAK_REPORT` names a file for what was measured.
"""

from __future__ import annotations

import json
import os
import statistics
import time
import unittest
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from unittest import mock

from kernel_fixture import REPOSITORY, TIMEOUT_SECONDS, KernelCase, install_temporary_spec, start_kernel

if TYPE_CHECKING:
    from collections.abc import Callable

LONG = "GRYM_SOAK" in os.environ
CELLS = 1000 if LONG else 120
KERNELS = 100 if LONG else 8
SPINS = 100 if LONG else 5
KERNELS_AT_ONCE = 4
MARKER = "GRYM_TEST_MARKER"
DISPLAY = json.dumps(str(REPOSITORY / "sdk" / "display" / "index.ts"))

PLAIN_CELLS = (
    "const data{n} = Array.from({{ length: 1000 }}, (_, i) => i * {n}); data{n}.at(-1)",
    'import {{ join }} from "node:path"; join("a", "{n}")',
    'import {{ value }} from "./edited.ts"; value',
    "function step(x: number): number {{ return x + {n} }} [step(1), step(2)]",
    "enum Kind {{ A = {n} }} class Holder {{ constructor(readonly kind: Kind) {{}} }} new Holder(Kind.A)",
    "for (let i = 0; i < 20; i++) console.log('line', i, {n})",
    "await new Promise((resolve) => setTimeout(resolve, 2)); {n}",
    'display({{ "text/html": "<b>{n}</b>" }}, {{ raw: true, displayId: "d{n}" }})',
    "display(table([{{ a: {n} }}])); figure({{ data: [{{ y: [1, 2, {n}] }}] }})",
)
FAILING_CELL = (
    'const failed{n} = (() => {{ throw new RangeError("{n}", {{ cause: new Error("inner") }}) }})()'
)
# V8's young generation doubles when enough survives in it, whatever cells do: it gets its full size first.
WARMING_CELL = """
(await import("node:v8")).setFlagsFromString("--expose-gc");
let kept = [];
for (let i = 0; i < 6e6; i++) {
  kept.push({ i });
  if (kept.length > 2e5) kept = [];
}
kept = [];
(await import("node:vm")).runInNewContext("gc")();
"""
INTERRUPTED_CELLS = ("for (;;) {{}}", "await new Promise(() => {{}}); {n}", "await null; for (;;) {{}}")


def report(name: str, measured: dict[str, float]) -> None:
    """Adds measurements to the report, when one is asked for."""
    path = os.environ.get("GRYM_SOAK_REPORT")
    if path is None:
        return
    file = Path(path)
    known = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps({**known, name: measured}))


def resident_bytes(pid: int) -> int:
    """Resident memory of a process."""
    pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


class ManyCells(KernelCase):
    """One kernel."""

    pid: ClassVar[int]

    @classmethod
    def setUpClass(cls) -> None:
        # A picture by Chromium would cost this kernel five seconds; the SDK draws it.
        with mock.patch.dict(os.environ, {"GRYM_BROWSER": "none"}):
            super().setUpClass()
        cls.pid = cls.km.provisioner.pid  # type: ignore[union-attr] # started by start_new_kernel

    def run_mixed(self, n: int) -> None:
        """Runs the cell number `n`; each has to end as its kind does."""
        if n % 10 == 0:
            (self.folder / "edited.ts").write_text(f"export const value: number = {n};\n")
        if n % 12 == 5:
            assert self.run_cell(FAILING_CELL.format(n=n)).reply["ename"] == "RangeError"
        elif n % 12 == 11:
            code = INTERRUPTED_CELLS[n // 12 % len(INTERRUPTED_CELLS)].format(n=n)
            assert self.interrupt_after(code, 0.1).reply["ename"] == "KeyboardInterrupt"
        else:
            outcome = self.run_cell(PLAIN_CELLS[n % len(PLAIN_CELLS)].format(n=n))
            assert outcome.status == "ok", outcome.traceback

    def test_mixed_cells_leave_memory_flat(self) -> None:
        self.run_cell(f"import {{ display, figure, table }} from {DISPLAY}")
        self.run_cell(WARMING_CELL)
        resident = []
        for n in range(CELLS):
            self.run_mixed(n)
            resident.append(resident_bytes(self.pid))
        tenth = CELLS // 10
        second = statistics.median(resident[tenth : 2 * tenth])
        last = statistics.median(resident[-tenth:])
        allowed = second * 1.05 + 5e6
        report("cells", {"count": CELLS, "secondTenthBytes": second, "lastTenthBytes": last})
        assert last <= allowed

    def test_every_spinning_cell_is_interrupted_and_the_state_is_kept(self) -> None:
        self.run_cell("const state = { spins: 0 };")
        milliseconds = []
        for n in range(SPINS):
            running = self.send("state.spins++; for (;;) {}")
            self.broadcasts_until("execute_input")
            time.sleep(0.05)
            begun = time.perf_counter()
            self.km.interrupt_kernel()
            assert self.outcome(running).reply["ename"] == "KeyboardInterrupt"
            milliseconds.append((time.perf_counter() - begun) * 1000)
            assert self.run_cell("state.spins").text == str(n + 1)
        median = statistics.median(milliseconds)
        report("interrupts", {"count": SPINS, "medianMs": median, "maximumMs": max(milliseconds)})


def end_quietly(km: object, kc: object) -> None:
    """Asks an idle kernel to end."""
    kc.stop_channels()
    km.shutdown_kernel()


def end_spinning(km: object, kc: object) -> None:
    """Asks a kernel to end whose cell spins."""
    kc.execute("for (;;) {}")
    km.shutdown_wait_time = TIMEOUT_SECONDS
    end_quietly(km, kc)


def end_at_once(km: object, kc: object) -> None:
    """Kills a kernel whose cell waits for a child process."""
    kc.execute("require('node:child_process').execSync('sleep 100')")
    kc.stop_channels()
    km.shutdown_kernel(now=True)


def end_restarted(km: object, kc: object) -> None:
    """Ends a kernel that was restarted."""
    km.restart_kernel()
    kc.wait_for_ready(timeout=TIMEOUT_SECONDS)
    end_quietly(km, kc)


class ManyKernels(unittest.TestCase):
    """Kernels started and stopped in every way."""

    def test_no_process_is_left(self) -> None:
        marker = uuid.uuid4().hex
        ways: list[Callable[..., None]] = [end_quietly, end_spinning, end_at_once, end_restarted]

        def live(n: int) -> None:
            km, kc = start_kernel()
            ways[n % len(ways)](km, kc)

        with (
            install_temporary_spec(),
            mock.patch.dict(os.environ, {MARKER: marker}),
            ThreadPoolExecutor(KERNELS_AT_ONCE) as pool,
        ):
            list(pool.map(live, range(KERNELS)))
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while (left := processes_with(marker)) and time.monotonic() < deadline:
            time.sleep(0.1)
        report("kernels", {"count": KERNELS, "left": len(left)})
        assert left == []


def processes_with(marker: str) -> list[str]:
    """Command lines of the other processes that have inherited the marker."""
    wanted = f"{MARKER}={marker}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_text())
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            continue  # it has ended, or is not ours
    return found


if __name__ == "__main__":
    unittest.main()
