"""`grym-synth kernel install --user`, seen from a Jupyter that is not ours and knows nothing of the clone."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
import unittest
import urllib.request
import uuid
import venv
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from kernel_fixture import NODE, REPOSITORY, TIMEOUT_SECONDS
from tornado.websocket import websocket_connect

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "stock"  # noqa: S105, of a server that lives for this test
CELL = 'import { AudioClip } from "grym-synth"; `${typeof AudioClip} ${process.cwd()}`'


class Installed(unittest.TestCase):
    """A home of its own, and a Python environment with JupyterLab but without our kernel."""

    home: ClassVar[Path]
    python: ClassVar[Path]
    environment: ClassVar[dict[str, str]]
    _folder: ClassVar[tempfile.TemporaryDirectory[str]]

    @classmethod
    def setUpClass(cls) -> None:
        cls._folder = tempfile.TemporaryDirectory(prefix="grym-stock-")
        stock = Path(cls._folder.name) / "stock"
        venv.create(stock, with_pip=False)
        # The packages are borrowed; the prefix, where kernels of an environment stand, is its own.
        (next(stock.glob("lib/python3*/site-packages")) / "borrowed.pth").write_text(
            sysconfig.get_path("purelib") + "\n"
        )
        cls.python = stock / "bin" / "python"
        cls.home = Path(cls._folder.name) / "home"
        cls.home.mkdir()
        foreign = ("JUPYTER", "XDG_", "PYTHON", "VIRTUAL_ENV", "GRYM_", "IPYTHON")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
        cls.environment = {**kept, "HOME": str(cls.home), "PYTHONFAULTHANDLER": "1"}

    @classmethod
    def tearDownClass(cls) -> None:
        cls._folder.cleanup()

    def run_kernel_command(self, verb: str) -> None:
        command = [NODE, "--no-warnings", str(REPOSITORY / "sdk/cli/bin.mjs"), "kernel", verb, "--user"]
        subprocess.run(command, check=True, env=self.environment, cwd=self.home, capture_output=True)  # noqa: S603

    def kernelspecs(self) -> dict[str, Any]:
        """What `jupyter kernelspec list` says, asked of its program."""
        listed = subprocess.run(  # noqa: S603, our own command
            [self.python, "-m", "jupyter_client.kernelspecapp", "list", "--json"],
            check=True,
            env=self.environment,
            cwd=self.home,
            capture_output=True,
        )
        return json.loads(listed.stdout)["kernelspecs"]

    def test_a_stock_jupyterlab_lists_starts_and_runs_the_kernel(self) -> None:
        assert "grym-synth" not in self.kernelspecs()
        self.run_kernel_command("install")
        found = self.kernelspecs()["grym-synth"]
        assert found["resource_dir"] == str(self.home / ".local/share/jupyter/kernels/grym-synth")
        assert found["spec"]["display_name"] == "TypeScript (grym-synth)"

        with self.jupyterlab() as address:
            assert "grym-synth" in ask(address, "/api/kernelspecs")["kernelspecs"]
            kernel = ask(address, "/api/kernels", {"name": "grym-synth"})["id"]
            assert asyncio.run(evaluate(address, kernel, CELL)) == f"'function {self.home}'"

        self.run_kernel_command("uninstall")
        assert "grym-synth" not in self.kernelspecs()

    @contextlib.contextmanager
    def jupyterlab(self) -> Iterator[str]:
        """A JupyterLab in the home folder; its address without the scheme."""
        with socket.socket() as chosen:
            chosen.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{chosen.getsockname()[1]}"
        options = {
            "ServerApp.port": address.partition(":")[2],
            "IdentityProvider.token": TOKEN,
            # The front end's files stand in the environment that the packages are borrowed from.
            "LabApp.app_dir": str(Path(sys.prefix) / "share" / "jupyter" / "lab"),
        }
        arguments = [f"--{key}={value}" for key, value in options.items()]
        log = self.home.parent / "lab.log"
        with log.open("wb") as sink:
            server = subprocess.Popen(  # noqa: S603, our own command
                [self.python, "-m", "jupyterlab", "--no-browser", "--allow-root", *arguments],
                env=self.environment,
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
            )
        try:
            deadline = time.monotonic() + TIMEOUT_SECONDS
            while not answers(address):
                assert server.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.2)
            yield address
        finally:
            # Its handler writes to the log, and a signal that comes while a line is written is lost
            # (RuntimeError: reentrant call): it is sent until it is heard.
            for _ in range(3):
                server.send_signal(signal.SIGTERM)  # it shuts its kernels down
                with contextlib.suppress(subprocess.TimeoutExpired):
                    server.wait(TIMEOUT_SECONDS / 3)
                    break
            else:
                server.send_signal(signal.SIGABRT)  # what its threads do is written to the log
                server.wait(TIMEOUT_SECONDS)
                raise AssertionError(log.read_text())


def ask(address: str, path: str, body: dict[str, str] | None = None) -> Any:
    """Calls the server's REST interface."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"token {TOKEN}"}
    request = urllib.request.Request(f"http://{address}{path}", data, headers)
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310
        return json.load(response)


def answers(address: str) -> bool:
    """Whether the server takes requests."""
    with contextlib.suppress(OSError):
        ask(address, "/api/status")
        return True
    return False


async def evaluate(address: str, kernel: str, code: str) -> str:
    """Runs a cell as JupyterLab does; plain text of its result."""
    socket_of = await websocket_connect(f"ws://{address}/api/kernels/{kernel}/channels?token={TOKEN}")
    header = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "session": "s", "username": "u"}
    content = {"code": code, "silent": False, "store_history": True, "stop_on_error": True}
    request = {"header": {**header, "version": "5.4", "date": "2026-01-01T00:00:00Z"}, "content": content}
    await socket_of.write_message(
        json.dumps({**request, "channel": "shell", "parent_header": {}, "metadata": {}})
    )
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            message = json.loads(str(await socket_of.read_message()))
            if message["parent_header"].get("msg_id") != header["msg_id"]:
                continue
            assert message["msg_type"] != "error", message["content"]
            if message["msg_type"] == "execute_result":
                socket_of.close()
                return message["content"]["data"]["text/plain"]


if __name__ == "__main__":
    unittest.main()
