"""Real kernels for the tests: a temporary kernel spec, a client, and cells run one by one."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
import unittest
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from jupyter_client.manager import KernelManager

if TYPE_CHECKING:
    from jupyter_client.blocking.client import BlockingKernelClient

KERNEL_NAME = "grym-synth"
REPOSITORY = Path(__file__).resolve().parents[4]
NODE = os.environ.get("GRYM_TEST_NODE", str(REPOSITORY / "node_modules" / "node" / "bin" / "node"))
PRINT_SPEC = [NODE, "--no-warnings", str(REPOSITORY / "sdk" / "cli" / "bin.mjs"), "kernel", "spec"]
TIMEOUT_SECONDS = 60.0
"""Ends a test that hangs; nothing is expected to take this long, on a busy machine either."""

Message = dict[str, Any]


def install_temporary_spec() -> tempfile.TemporaryDirectory[str]:
    """Makes the kernel known to this process only; the result removes the spec when it is closed."""
    folder = tempfile.TemporaryDirectory(prefix="grym-kernel-spec-")
    spec = Path(folder.name) / "kernels" / KERNEL_NAME
    spec.mkdir(parents=True)
    content = json.loads(subprocess.check_output(PRINT_SPEC))  # noqa: S603, our own command
    content["argv"][0] = NODE
    (spec / "kernel.json").write_text(json.dumps(content))
    os.environ["JUPYTER_PATH"] = folder.name
    return folder


def start_kernel(
    kernel_name: str = KERNEL_NAME, transport: str = "ipc", **options: Any
) -> tuple[KernelManager, BlockingKernelClient]:
    """Starts a kernel, by default on sockets beside its spec, and waits until it answers.

    A port is chosen before it is bound, and among many kernels another may take it meanwhile; how ports work
    is seen where a front end starts the kernel.
    """
    address = {"ip": f"{os.environ['JUPYTER_PATH']}/{uuid.uuid4().hex}"} if transport == "ipc" else {}
    km = KernelManager(kernel_name=kernel_name, transport=transport, **address)
    km.start_kernel(**options)
    kc = km.client()
    kc.start_channels()
    try:
        kc.wait_for_ready(timeout=TIMEOUT_SECONDS)
    except RuntimeError:
        kc.stop_channels()
        km.shutdown_kernel()
        raise
    return km, kc


@dataclass
class Outcome:
    """What a cell gave: its reply and everything that it broadcast."""

    reply: Message
    outputs: list[Message] = field(default_factory=list)

    @property
    def status(self) -> str:
        """`ok`, `error` or `aborted`."""
        return str(self.reply["status"])

    @property
    def text(self) -> str | None:
        """Plain text of the result of the cell."""
        results = self.of_type("execute_result")
        return results[0]["data"]["text/plain"] if results else None

    @property
    def traceback(self) -> str:
        """Traceback of the error of the cell, in one text."""
        return "\n".join(self.reply.get("traceback", []))

    def of_type(self, message_type: str) -> list[Message]:
        """Contents of the broadcasts of one type, in order."""
        return [m["content"] for m in self.outputs if m["msg_type"] == message_type]

    def stream(self, name: str) -> str:
        """Everything that the cell wrote to a stream."""
        return "".join(c["text"] for c in self.of_type("stream") if c["name"] == name)


class KernelCase(unittest.TestCase):
    """Tests that share one kernel, whose working folder is `folder`.

    Types are off where a suite does not ask for them: what cells do is judged here also of cells whose types
    are wrong on purpose, and a check that a busy machine delays must not decide.
    """

    kernel_name: ClassVar[str] = KERNEL_NAME
    transport: ClassVar[str] = "ipc"
    types: ClassVar[str] = "off"
    km: ClassVar[KernelManager]
    kc: ClassVar[BlockingKernelClient]
    folder: ClassVar[Path]
    _spec: ClassVar[tempfile.TemporaryDirectory[str]]
    _folder: ClassVar[tempfile.TemporaryDirectory[str]]

    @classmethod
    def setUpClass(cls) -> None:
        cls._spec = install_temporary_spec()
        cls._folder = tempfile.TemporaryDirectory(prefix="grym-kernel-cwd-")
        cls.folder = Path(cls._folder.name)
        cls.start_kernel()

    @classmethod
    def start_kernel(cls) -> None:
        """Starts the kernel in `folder`."""
        environment = {**os.environ, "GRYM_TYPES": cls.types}
        folder = str(cls.folder)
        cls.km, cls.kc = start_kernel(cls.kernel_name, cls.transport, cwd=folder, env=environment)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.kc.stop_channels()
        cls.km.shutdown_kernel()
        cls._spec.cleanup()
        cls._folder.cleanup()

    def send(self, code: str, **options: Any) -> str:
        """Sends a cell without waiting for it."""
        return self.kc.execute(code, **options)

    def run_cell(self, code: str, **options: Any) -> Outcome:
        """Runs a cell to its end."""
        return self.outcome(self.send(code, **options))

    def outcome(self, msg_id: str) -> Outcome:
        """Waits for the end of a cell that was sent."""
        outputs: list[Message] = []
        while True:
            message = self.kc.get_iopub_msg(timeout=TIMEOUT_SECONDS)
            if message["parent_header"].get("msg_id") != msg_id:
                continue
            if message["content"].get("execution_state") == "idle":
                break
            outputs.append(message)
        return Outcome(self.reply(msg_id), outputs)

    def reply(self, msg_id: str) -> Message:
        """Content of the reply to a request."""
        while True:
            message = self.kc.get_shell_msg(timeout=TIMEOUT_SECONDS)
            if message["parent_header"].get("msg_id") == msg_id:
                return message["content"]

    def broadcasts_until(self, message_type: str) -> Message:
        """The next broadcast of a type, whichever cell it belongs to."""
        while True:
            message = self.kc.get_iopub_msg(timeout=TIMEOUT_SECONDS)
            if message["msg_type"] == message_type:
                return message

    def interrupts_taken(self, count: int) -> None:
        """Waits until the kernel has answered some interrupts."""
        while count > 0:
            message = self.broadcasts_until("status")
            of_interrupt = message["parent_header"].get("msg_type") == "interrupt_request"
            if of_interrupt and message["content"]["execution_state"] == "idle":
                count -= 1

    def interrupt_after(self, code: str, seconds: float) -> Outcome:
        """Interrupts a cell some seconds after it was taken up; its outcome."""
        msg_id = self.send(code)
        self.broadcasts_until("execute_input")
        time.sleep(seconds)
        self.km.interrupt_kernel()
        return self.outcome(msg_id)
