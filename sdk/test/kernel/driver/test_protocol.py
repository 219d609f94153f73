"""Requests that are rarer than a cell: input, user expressions, comms, what the kernel does not know."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
import unittest
from typing import TYPE_CHECKING, Any

from jupyter_client.connect import write_connection_file
from jupyter_client.kernelspec import get_kernel_spec
from kernel_fixture import KERNEL_NAME, TIMEOUT_SECONDS, KernelCase, Message, install_temporary_spec

if TYPE_CHECKING:
    from collections.abc import Sequence

HOOK = 'globalThis[Symbol.for("grym-synth.kernel")]'


class Input(KernelCase):
    """Cells that ask the user."""

    def question(self) -> Message:
        """The next question."""
        return self.kc.get_stdin_msg(timeout=TIMEOUT_SECONDS)

    def test_a_cell_asks_and_goes_on_with_the_answers(self) -> None:
        running = self.send(
            "const name = await input('Name? '); const key = await input('Key: ', { password: true });"
            "[name, key]",
            allow_stdin=True,
        )
        first = self.question()
        assert first["msg_type"] == "input_request"
        assert first["parent_header"]["msg_id"] == running
        assert first["content"] == {"prompt": "Name? ", "password": False}
        self.kc.input("Ada")
        assert self.question()["content"] == {"prompt": "Key: ", "password": True}
        self.kc.input("secret")
        assert self.outcome(running).text == "[ 'Ada', 'secret' ]"

    def test_questions_at_once_are_asked_one_after_the_other(self) -> None:
        running = self.send("await Promise.all(['a', 'b'].map((it) => input(it)))", allow_stdin=True)
        for name in ("a", "b"):
            assert self.question()["content"]["prompt"] == name
            self.kc.input(name * 2)
        assert self.outcome(running).text == "[ 'aa', 'bb' ]"

    def test_an_interrupted_question_is_over_and_its_late_answer_answers_nothing(self) -> None:
        running = self.send("await input('first')", allow_stdin=True)
        self.question()
        self.km.interrupt_kernel()
        assert self.outcome(running).reply["ename"] == "KeyboardInterrupt"
        self.kc.input("late")
        running = self.send("await input('second')", allow_stdin=True)
        assert self.question()["content"]["prompt"] == "second"
        self.kc.input("in time")
        assert self.outcome(running).text == "'in time'"

    def test_a_front_end_without_input_is_an_error_that_says_so(self) -> None:
        reply = self.run_cell("await input('?')", allow_stdin=False).reply
        assert reply["ename"] == "StdinNotImplementedError"
        self.run_cell("setTimeout(() => input('late').catch((e) => { globalThis.late = e.name }), 1)")
        waiting = "while (globalThis.late === undefined) await new Promise((r) => setTimeout(r, 5)); late"
        assert self.run_cell(waiting).text == "'StdinNotImplementedError'"


class Expressions(KernelCase):
    """`user_expressions` and `store_history`."""

    def test_expressions_are_evaluated_after_the_cell_each_for_itself(self) -> None:
        shown = "{ [Symbol.for('Jupyter.display')]: () => ({ 'text/html': '<b>' }) }"
        expressions = {
            "sum": "left + 1",
            "shown": f"await Promise.resolve({shown})",
            "failing": "absent.field",
            "broken": "1 +",
        }
        outcome = self.run_cell("const left = 41; left", user_expressions=expressions)
        answers = outcome.reply["user_expressions"]
        assert answers["sum"] == {"status": "ok", "data": {"text/plain": "42"}, "metadata": {}}
        assert answers["shown"]["data"] == {"text/html": "<b>"}
        assert (answers["failing"]["status"], answers["failing"]["ename"]) == ("error", "ReferenceError")
        assert (answers["broken"]["status"], answers["broken"]["ename"]) == ("error", "SyntaxError")
        assert outcome.text == "41"
        assert "user_expressions" not in self.run_cell("throw 1", user_expressions=expressions).reply

    def test_a_spinning_expression_can_be_interrupted(self) -> None:
        running = self.send("1", user_expressions={"endless": "(() => { for (;;) {} })()"})
        self.broadcasts_until("execute_result")
        time.sleep(0.2)
        self.km.interrupt_kernel()
        assert self.outcome(running).reply["ename"] == "KeyboardInterrupt"

    def test_a_cell_outside_the_history_shows_its_result_and_takes_no_number(self) -> None:
        before = self.run_cell("'counted'").reply["execution_count"]
        outcome = self.run_cell("'uncounted'", store_history=False)
        assert outcome.text == "'uncounted'"
        assert outcome.reply["execution_count"] == before + 1
        assert self.run_cell("'next'").reply["execution_count"] == before + 1
        history = self.reply(self.kc.history(hist_access_type="tail", n=2))["history"]
        assert [line[2] for line in history] == ["'counted'", "'next'"]
        earlier = self.kc.history(hist_access_type="range", session=-1, start=0, stop=100)
        assert self.reply(earlier)["history"] == []


class Comms(KernelCase):
    """Comms of both sides, as a widget uses them."""

    def send_comm(self, kind: str, content: dict[str, Any], buffers: Sequence[bytes] = ()) -> Message:
        """Sends a comm message; the message that was sent."""
        message = self.kc.session.msg(f"comm_{kind}", content)
        self.kc.session.send(self.kc.shell_channel.socket, message, buffers=list(buffers))
        return message

    def until_idle(self, message: Message) -> list[Message]:
        """Broadcasts that a message has caused."""
        found: list[Message] = []
        while True:
            got = self.kc.get_iopub_msg(timeout=TIMEOUT_SECONDS)
            if got["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            if got["content"].get("execution_state") == "idle":
                return found
            found.append(got)

    def test_a_counter_lives_on_both_sides(self) -> None:
        counter = f"""
            class Counter {{
              count = 0;
              comm = {HOOK}.comm("jupyter.widget",
                {{ state: {{ _model_module: "anywidget", count: 0 }}, buffer_paths: [] }},
                {{ metadata: {{ version: "2.1.0" }}, buffers: [new Uint8Array([1, 2, 255])] }});
              constructor() {{
                this.comm.onMessage = ({{ data, buffers }}) => {{
                  this.count = data.state.count;
                  console.log("now", this.count);
                  this.comm.send({{ method: "update", state: {{ count: this.count + 1 }} }},
                    {{ buffers: buffers.map((it) => it.map((byte) => byte + 1)) }});
                }};
                this.comm.onClose = () => {{ this.count = -1; }};
              }}
            }}
            const counter = new Counter();
        """
        [opened] = [m for m in self.run_cell(counter).outputs if m["msg_type"] == "comm_open"]
        assert opened["content"]["target_name"] == "jupyter.widget"
        assert opened["content"]["data"]["state"]["count"] == 0
        assert opened["metadata"]["version"] == "2.1.0"
        assert [bytes(it) for it in opened["buffers"]] == [b"\x01\x02\xff"]
        comm_id = opened["content"]["comm_id"]
        info = self.reply(self.kc.comm_info("jupyter.widget"))
        assert info["comms"] == {comm_id: {"target_name": "jupyter.widget"}}

        update = {"method": "update", "state": {"count": 7}}
        sent = self.send_comm("msg", {"comm_id": comm_id, "data": update}, [b"\x00\x09"])
        printed, answered = self.until_idle(sent)[1:]
        assert printed["content"]["text"] == "now 7\n"
        assert answered["content"] == {
            "comm_id": comm_id,
            "data": {"method": "update", "state": {"count": 8}},
        }
        assert [bytes(it) for it in answered["buffers"]] == [b"\x01\x0a"]

        self.until_idle(self.send_comm("close", {"comm_id": comm_id, "data": {}}))
        assert self.run_cell("counter.count").text == "-1"
        assert "closed" in self.run_cell("counter.comm.send({})").reply["evalue"]
        assert self.reply(self.kc.comm_info())["comms"] == {}

    def test_the_front_end_opens_a_comm_that_code_listens_for(self) -> None:
        self.run_cell(f"{HOOK}.onComm('echo', (comm, {{ data }}) => comm.send({{ got: data.value }}))")
        content = {"comm_id": "c1", "target_name": "echo", "data": {"value": 5}}
        answers = self.until_idle(self.send_comm("open", content))
        assert [m["content"].get("data") for m in answers[1:]] == [{"got": 5}]
        content = {"comm_id": "c2", "target_name": "nobody", "data": {}}
        answers = self.until_idle(self.send_comm("open", content))
        assert [m["msg_type"] for m in answers[1:]] == ["comm_close"]
        assert self.reply(self.kc.comm_info("echo"))["comms"] == {"c1": {"target_name": "echo"}}
        assert self.reply(self.kc.comm_info("nobody"))["comms"] == {}

    def test_handlers_run_while_a_cell_waits_and_their_errors_are_shown(self) -> None:
        code = f"""
            const told = new Promise((resolve, reject) => {{
              {HOOK}.onComm("tell", (comm, {{ data }}) => {{
                resolve(data.value);
                throw new RangeError("in a handler");
              }});
            }});
            await told
        """
        running = self.send(code)
        time.sleep(0.3)
        content = {"comm_id": "c3", "target_name": "tell", "data": {"value": "told"}}
        sent = self.send_comm("open", content)
        assert [m["content"]["ename"] for m in self.until_idle(sent) if m["msg_type"] == "error"] == [
            "RangeError"
        ]
        assert self.reply(running)["status"] == "ok"
        assert self.run_cell("'alive'").text == "'alive'"

    def test_a_spinning_handler_can_be_interrupted(self) -> None:
        self.run_cell(f"{HOOK}.onComm('spin', () => {{ console.log('spins'); for (;;) {{}} }})")
        content = {"comm_id": "c4", "target_name": "spin", "data": {}}
        sent = self.send_comm("open", content)
        self.broadcasts_until("stream")
        self.km.interrupt_kernel()
        self.until_idle(sent)
        assert self.run_cell("'alive'").text == "'alive'"


class Requests(KernelCase):
    """Requests that run no cell."""

    def test_a_request_that_the_kernel_does_not_know_is_answered_by_an_error(self) -> None:
        for channel in (self.kc.shell_channel, self.kc.control_channel):
            message = self.kc.session.msg("create_subshell_request", {})
            channel.send(message)
            while (reply := channel.get_msg(timeout=TIMEOUT_SECONDS))["parent_header"] != message["header"]:
                pass
            assert reply["msg_type"] == "create_subshell_reply"
            assert reply["content"]["status"] == "error"
            assert "create_subshell" in reply["content"]["evalue"]

    def test_requests_of_the_wrong_shape_do_no_harm(self) -> None:
        self.run_cell("const kept = 1;")
        odd: dict[str, list[dict[str, Any]]] = {
            "execute_request": [{}, {"code": {"a": 1}}, {"code": "1", "user_expressions": [3]}],
            "complete_request": [{}, {"code": 5, "cursor_pos": "x"}, {"code": "a", "cursor_pos": -4}],
            "inspect_request": [{}, {"code": "kept", "cursor_pos": 1e9}],
            "history_request": [{}, {"hist_access_type": "search", "pattern": 5, "n": "many"}],
            "is_complete_request": [{}],
            "comm_info_request": [{"target_name": 7}],
            "comm_open": [{}, {"comm_id": 5, "target_name": None, "data": "text"}],
            "comm_msg": [{}, {"comm_id": "never opened", "data": []}],
            "comm_close": [{}],
        }
        for message_type, contents in odd.items():
            for content in contents:
                with self.subTest(message_type, content=content):
                    message = self.kc.session.msg(message_type, content)
                    self.kc.shell_channel.send(message)
                    while True:
                        got = self.kc.get_iopub_msg(timeout=TIMEOUT_SECONDS)
                        of_this = got["parent_header"].get("msg_id") == message["header"]["msg_id"]
                        if of_this and got["content"].get("execution_state") == "idle":
                            break
        assert self.run_cell("kept").text == "1"

    def test_the_heart_beats_while_a_cell_spins(self) -> None:
        running = self.send("for (;;) {}")
        self.broadcasts_until("execute_input")
        time.sleep(0.2)
        heart = self.km.connect_hb()
        try:
            heart.send(b"ping")
            assert heart.poll(int(TIMEOUT_SECONDS * 1000)) != 0
            assert heart.recv() == b"ping"
        finally:
            heart.close(linger=0)
        self.km.interrupt_kernel()
        assert self.outcome(running).reply["ename"] == "KeyboardInterrupt"

    def test_a_message_with_a_wrong_signature_is_ignored(self) -> None:
        key, self.kc.session.key = self.kc.session.key, b"wrong"
        self.kc.execute("globalThis.forged = true")
        self.kc.session.key = key
        assert self.run_cell("typeof forged").text == "'undefined'"


class Start(unittest.TestCase):
    """Starting."""

    def test_a_port_that_is_taken_is_said_and_ends_the_process(self) -> None:
        with install_temporary_spec(), tempfile.TemporaryDirectory() as folder, socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            path, _ = write_connection_file(f"{folder}/connection.json", shell_port=taken.getsockname()[1])
            argv = get_kernel_spec(KERNEL_NAME).argv
            command = [path if part == "{connection_file}" else part for part in argv]
            ended = subprocess.run(  # noqa: S603, our own kernel
                command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
            )
            assert ended.returncode == 1
            assert "Address already in use" in ended.stderr


if __name__ == "__main__":
    unittest.main()
