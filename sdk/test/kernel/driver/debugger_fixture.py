"""One kernel with the debugger on: requests of the Debug Adapter Protocol, as JupyterLab sends them."""

from __future__ import annotations

from typing import Any

from kernel_fixture import TIMEOUT_SECONDS, KernelCase, Message

CELL = """interface Row { id: number }
const rows: Row[] = [{ id: 4 }, { id: 5 }];
function double(n: number): number {
  const twice = 2 * n;
  // a comment
  return twice;
}
const sum = rows.reduce((total, row) => total + double(row.id), 0);
sum"""


HELPER = """interface Row { id: number }
enum Unit { ms = 1000 }

export function total(rows: Row[]): number {
  // adds them up
  let sum = 0;
  for (const row of rows) sum += row.id * Unit.ms;
  return sum;
}
"""


class DebuggerCase(KernelCase):
    """One kernel; each test begins and ends without a debugger."""

    types = "block"

    def setUp(self) -> None:
        self.seq = 0

    def request(self, command: str, **arguments: Any) -> Message:
        """Body of the response of a command that has to succeed."""
        response = self.respond(command, **arguments)
        assert response["success"], response
        return response["body"]

    def respond(self, command: str, **arguments: Any) -> Message:
        """Content of the reply to a `debug_request`."""
        self.seq += 1
        content = {"type": "request", "seq": self.seq, "command": command, "arguments": arguments}
        message = self.kc.session.msg("debug_request", content)
        self.kc.control_channel.send(message)
        while True:
            reply = self.kc.get_control_msg(timeout=TIMEOUT_SECONDS)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                assert reply["msg_type"] == "debug_reply"
                assert reply["content"]["request_seq"] == self.seq
                return reply["content"]

    def event(self, name: str) -> Message:
        """Body of the next event of a name."""
        while True:
            content = self.broadcasts_until("debug_event")["content"]
            if content["event"] == name:
                return content["body"]

    def attach(self) -> None:
        """Starts as JupyterLab does."""
        self.request("initialize", clientID="test", adapterID="")
        self.request("attach")
        self.event("initialized")

    def break_at(self, code: str, *lines: int) -> Message:
        """Sets breakpoints in a cell; its path and what they came to."""
        path = self.request("dumpCell", code=code)["sourcePath"]
        found = self.request(
            "setBreakpoints",
            source={"path": path},
            breakpoints=[{"line": line} for line in lines],
            sourceModified=False,
        )
        self.request("configurationDone")
        return {"path": path, "breakpoints": found["breakpoints"]}

    def break_in_file(self, path: str, *lines: int) -> list[Message]:
        """Sets breakpoints in a file; what they came to."""
        wanted = [{"line": line} for line in lines]
        return self.request("setBreakpoints", source={"path": path}, breakpoints=wanted)["breakpoints"]

    def stops(self, running: str) -> list[tuple[str, int]]:
        """Lets a cell go on at each of its stops; their reasons and lines, until its end."""
        found = []
        while True:
            message = self.kc.get_iopub_msg(timeout=TIMEOUT_SECONDS)
            if message["msg_type"] == "debug_event" and message["content"]["event"] == "stopped":
                found.append((message["content"]["body"]["reason"], self.frames()[0]["line"]))
                self.request("continue", threadId=1)
            elif message["parent_header"].get("msg_id") == running and is_idle(message):
                return found

    def frames(self) -> list[Message]:
        """The stack of the paused cell."""
        return self.request("stackTrace", threadId=1)["stackFrames"]

    def variables(self, scope: str) -> dict[str, str]:
        """Names and values of a scope of the innermost frame."""
        scopes = self.request("scopes", frameId=self.frames()[0]["id"])["scopes"]
        reference = next(it["variablesReference"] for it in scopes if it["name"] == scope)
        listed = self.request("variables", variablesReference=reference)["variables"]
        return {it["name"]: it["value"] for it in listed}

    def members(self, variable: Message) -> dict[str, Message]:
        """Members of a variable by their names."""
        reference = variable["variablesReference"]
        return {it["name"]: it for it in self.request("variables", variablesReference=reference)["variables"]}


def is_idle(message: Message) -> bool:
    """Whether a request has been dealt with."""
    return message["content"].get("execution_state") == "idle"
