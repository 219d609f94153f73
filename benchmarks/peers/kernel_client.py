"""One session of one Jupyter kernel, measured from outside: a plan in argv[1] as JSON, numbers as JSON.

Times are in ms, memory in bytes; what a kernel cannot do is null, with a reason in `missing`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, Any

import psutil
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_SECONDS = 60.0


class Session:
    """A kernel from its start to its end."""

    def __init__(self, plan: dict[str, Any]) -> None:
        """Starts the kernel and waits for its first answer."""
        self.plan = plan
        self.km = KernelManager()
        # There is no installed spec: the plan says how the kernel is started.
        self.km._kernel_spec = KernelSpec(  # noqa: SLF001
            argv=plan["argv"], display_name="", language="", interrupt_mode=plan["interruptMode"]
        )
        began = time.perf_counter()
        self.km.start_kernel(cwd=plan["cwd"], env={**os.environ, **plan["env"]})
        self.kc = self.km.client()
        self.kc.start_channels()
        self.reply(self.kc.kernel_info())
        self.ready_ms = since(began)
        self.process = psutil.Process(self.km.provisioner.pid)

    def reply(self, msg_id: str, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """Content of the answer to a request. Raises Empty when it does not come in time."""
        end = time.monotonic() + seconds
        while True:
            message = self.kc.get_shell_msg(timeout=max(0.01, end - time.monotonic()))
            if message["parent_header"].get("msg_id") == msg_id:
                return message["content"]

    def run(self, code: str) -> tuple[float, dict[str, Any]]:
        """Time of a cell until its reply, and that reply."""
        began = time.perf_counter()
        reply = self.reply(self.kc.execute(code))
        return since(began), reply

    def complete(self, seconds: float = PATIENCE_SECONDS) -> float:
        """Time of a completion whose matches are the right ones."""
        began = time.perf_counter()
        reply = self.reply(self.kc.complete(self.plan["completion"]), seconds)
        took = since(began)
        if not any(self.plan["match"] in match for match in reply["matches"]):
            raise ValueError(f"completed to {reply['matches'][:5]}")
        return took

    def spin(self) -> str:
        """Starts the cell that never ends; waits until it runs."""
        spinning = self.kc.execute(self.plan["spin"])
        while True:
            message = self.kc.get_iopub_msg(timeout=PATIENCE_SECONDS)
            is_its = message["parent_header"].get("msg_id") == spinning
            if is_its and message["content"].get("execution_state") == "busy":
                break
        time.sleep(0.5)  # no kernel tells when the code itself begins
        return spinning

    def interrupt(self) -> float:
        """Time from an interrupt to the end of a spinning cell, after which a variable is still there."""
        spinning = self.spin()
        began = time.perf_counter()
        self.km.interrupt_kernel()
        self.reply(spinning, 10.0)
        took = since(began)
        if self.run(self.plan["kept"])[1]["status"] != "ok":
            raise ValueError("the variables are gone")
        return took

    def memory(self) -> tuple[int, int]:
        """Resident memory of the kernel's process, and of all processes below it."""
        below = self.process.children(recursive=True)
        return self.process.memory_info().rss, sum(child.memory_info().rss for child in below)


def since(began: float) -> float:
    """Milliseconds since a time of perf_counter."""
    return 1000 * (time.perf_counter() - began)


def measure(plan: dict[str, Any]) -> dict[str, Any]:
    """Everything about one session."""
    session = Session(plan)
    found: dict[str, Any] = {"readyMs": session.ready_ms}
    missing: dict[str, str] = {}

    def attempt(name: str, read: Callable[[], Any]) -> None:
        try:
            found[name] = read()
        except Empty:
            missing[name] = "no answer in time"
        except (ValueError, RuntimeError) as error:
            missing[name] = str(error)

    attempt("firstCompletionMs", session.complete)
    attempt("firstCellMs", lambda: session.run("1+1")[0])
    attempt("trivialCellMs", lambda: [session.run("1+1")[0] for _ in range(plan["cells"])])
    session.run(plan["keep"])
    attempt("completionMs", lambda: [session.complete() for _ in range(plan["cells"])])
    attempt("memory", session.memory)
    if plan["sdk"] is not None:
        took, reply = session.run(plan["sdk"])
        if reply["status"] == "ok":
            found["sdkImportMs"] = took
        else:
            missing["sdkImportMs"] = f"{reply.get('ename')}: {reply.get('evalue')}"
        attempt("memoryWithSdk", session.memory)
    spinning = session.spin()
    attempt(
        "spinningCompletionMs",
        lambda: [session.complete(plan["spinSeconds"]) for _ in range(plan["interrupts"])],
    )
    session.km.interrupt_kernel()
    attempt("afterSpin", lambda: session.reply(spinning, 10.0)["status"])
    if "afterSpin" in found:
        attempt("interruptMs", lambda: [session.interrupt() for _ in range(plan["interrupts"])])
    else:  # it would be waited for, again and again
        missing["interruptMs"] = "the kernel did not come back from the interrupt"
    session.kc.stop_channels()
    session.km.shutdown_kernel(now="interruptMs" in missing)
    return {**found, "missing": missing}


Path(sys.argv[2]).write_text(json.dumps(measure(json.loads(sys.argv[1]))))
