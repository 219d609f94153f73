"""A kernel ends when it is told to, when nothing else stops a cell, and when its server is gone."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_client.ioloop import AsyncIOLoopKernelManager
from jupyter_client.manager import start_new_kernel
from kernel_fixture import KERNEL_NAME, TIMEOUT_SECONDS, KernelCase, Message, install_temporary_spec
from traitlets.config import Config

if TYPE_CHECKING:
    from jupyter_client.asynchronous.client import AsyncKernelClient


class NativeCode(unittest.IsolatedAsyncioTestCase):
    """Native code cannot be stopped; the process can."""

    async def test_a_second_interrupt_ends_the_process_and_jupyter_starts_a_new_one(self) -> None:
        quickly = Config({"KernelRestarter": {"time_to_dead": 0.3}})
        with install_temporary_spec():
            km = AsyncIOLoopKernelManager(kernel_name=KERNEL_NAME, config=quickly)
            restarted = asyncio.Event()
            await km.start_kernel()
            km.add_restart_callback(restarted.set)
            kc = km.client()
            kc.start_channels()
            try:
                await kc.wait_for_ready(timeout=TIMEOUT_SECONDS)
                kc.execute("globalThis.kept = 1; console.log(process.pid)")
                pid = int((await broadcast(kc, "stream"))["text"])
                running = kc.execute("require('node:child_process').execSync('sleep 30')")
                children = await children_with(pid, "sleep")
                await km.interrupt_kernel()
                warning = (await broadcast(kc, "stream"))["text"]
                assert "native code" in warning
                assert is_running(pid)
                await km.interrupt_kernel()
                while (reply := await kc.get_shell_msg(timeout=TIMEOUT_SECONDS))["parent_header"].get(
                    "msg_id"
                ) != running:
                    pass
                assert reply["content"]["ename"] == "KeyboardInterrupt"
                await asyncio.wait_for(restarted.wait(), TIMEOUT_SECONDS)
                assert not is_running(pid)
                while any(is_running(it) for it in children):  # noqa: ASYNC110, no event tells of a process's end
                    await asyncio.sleep(0.05)
                await kc.wait_for_ready(timeout=TIMEOUT_SECONDS)
                kc.execute("console.log(typeof kept)")
                assert (await broadcast(kc, "stream"))["text"] == "undefined\n"
            finally:
                kc.stop_channels()
                await km.shutdown_kernel(now=True)


class Shutdown(unittest.TestCase):
    """Shutting down."""

    def test_a_spinning_kernel_shuts_down_and_runs_its_exit_handlers(self) -> None:
        with install_temporary_spec(), tempfile.TemporaryDirectory() as folder:
            marker = Path(folder) / "ended"
            km, kc = start_new_kernel(kernel_name=KERNEL_NAME, cwd=folder)
            kc.execute(
                'import { writeFileSync } from "node:fs";'
                f'process.on("exit", () => writeFileSync("{marker}", "x"));'
                'console.log("spins"); for (;;) {}'
            )
            while kc.get_iopub_msg(timeout=TIMEOUT_SECONDS)["msg_type"] != "stream":
                pass
            # A kernel that does not end by itself is killed after this time, which the exit handler
            # of the cell before would not survive.
            km.shutdown_wait_time = TIMEOUT_SECONDS
            km.shutdown_kernel()
            assert not km.is_alive()
            assert marker.exists()
            kc.stop_channels()

    def test_a_kernel_ends_when_the_process_that_started_it_dies(self) -> None:
        start = (
            "import os\n"
            "from jupyter_client.manager import start_new_kernel\n"
            f"km, kc = start_new_kernel(kernel_name={KERNEL_NAME!r})\n"
            "print(km.provisioner.pid, flush=True)\n"
            "os._exit(0)\n"
        )
        with install_temporary_spec(), tempfile.TemporaryDirectory() as folder:
            # To a file: the kernel inherits the output, and a pipe would wait for it.
            with (Path(folder) / "pid").open("w") as output:
                subprocess.run([sys.executable, "-c", start], stdout=output, check=True)  # noqa: S603, our own text
            pid = int((Path(folder) / "pid").read_text())
            deadline = time.monotonic() + TIMEOUT_SECONDS
            while is_running(pid) and time.monotonic() < deadline:
                time.sleep(0.1)
            assert not is_running(pid)

    def test_a_kernel_ends_whose_server_died_while_it_was_starting(self) -> None:
        start = (
            "import os, subprocess, sys\n"
            "from jupyter_client.connect import write_connection_file\n"
            "from jupyter_client.kernelspec import get_kernel_spec\n"
            "path, _ = write_connection_file(sys.argv[1])\n"
            f"argv = get_kernel_spec({KERNEL_NAME!r}).argv\n"
            "command = [path if it == '{connection_file}' else it for it in argv]\n"
            "environment = {**os.environ, 'JPY_PARENT_PID': str(os.getpid())}\n"
            "child = subprocess.Popen(command, env=environment, start_new_session=True)\n"
            "print(child.pid, flush=True)\n"
            "os._exit(0)\n"
        )
        with install_temporary_spec(), tempfile.TemporaryDirectory() as folder:
            with (Path(folder) / "pid").open("w") as output:
                command = [sys.executable, "-c", start, f"{folder}/connection.json"]
                subprocess.run(command, stdout=output, check=True)  # noqa: S603, our own text
            pid = int((Path(folder) / "pid").read_text())
            deadline = time.monotonic() + TIMEOUT_SECONDS
            while is_running(pid) and time.monotonic() < deadline:
                time.sleep(0.1)
            still = is_running(pid)
            if still:
                os.kill(pid, 9)
            assert not still


class Restart(KernelCase):
    """A restart, as by the menu."""

    def test_exit_handlers_run_before_it(self) -> None:
        marker = self.folder / "ended"
        code = (
            'import { writeFileSync } from "node:fs";'
            f'process.on("exit", () => writeFileSync("{marker}", "x"));'
        )
        self.run_cell(code)
        self.km.shutdown_kernel(restart=True)
        assert marker.exists()
        self.km.start_kernel(cwd=os.fspath(self.folder))
        self.kc.wait_for_ready(timeout=15)
        assert self.run_cell("1 + 1").text == "2"


async def broadcast(kc: AsyncKernelClient, message_type: str) -> Message:
    """Content of the next broadcast of a type."""
    while True:
        message = await kc.get_iopub_msg(timeout=TIMEOUT_SECONDS)
        if message["msg_type"] == message_type:
            return message["content"]


def children_of(pid: int) -> dict[int, str]:
    """Child processes of all threads of a process, with their command lines."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(child) for task in tasks for child in task.read_text().split()]
    lines = {child: Path(f"/proc/{child}/cmdline") for child in children}
    return {child: line.read_text() for child, line in lines.items() if line.exists()}


async def children_with(pid: int, program: str) -> list[int]:
    """Child processes of a process, as soon as one of them runs a program."""
    while True:
        children = children_of(pid)
        if any(program in line for line in children.values()):
            return list(children)
        await asyncio.sleep(0.05)


def is_running(pid: int) -> bool:
    """Whether a process runs; one that has ended but was not collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


if __name__ == "__main__":
    unittest.main()
