"""The process by hand and on bad days: lines, order, errors."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from gama_operations.protocol import MAX_LINE_BYTES, OPERATIONS, PROTOCOL_VERSION


def by_hand(text):
    """What someone with `echo` sees."""
    done = subprocess.run(
        [sys.executable, "-m", "gama_operations"],
        input=text.encode(),
        capture_output=True,
        check=False,
        timeout=60,
    )
    return [json.loads(line) for line in done.stdout.splitlines()], done.returncode


def test_ready_is_the_first_line_and_comes_before_numpy_and_torch(start):
    process = start(faulty=True)
    assert process.ready["event"] == "ready"
    assert process.ready["data"]["protocol"] == PROTOCOL_VERSION
    assert process.ready["data"]["pid"] == process.pid
    assert process.result("modules")["value"] == []


def test_ready_names_each_operation_of_the_protocol_once(start):
    assert sorted(start().ready["data"]["operations"]) == sorted(OPERATIONS)


def test_31_one_request_by_echo_is_answered_and_the_process_ends_with_zero():
    lines, code = by_hand('{"id": 1, "operation": "ping"}\n')
    assert [line.get("event") for line in lines] == ["ready", None]
    assert lines[1]["id"] == 1
    assert lines[1]["result"]["status"] == "ok"
    assert code == 0


def test_a_last_line_without_newline_is_a_request_too():
    lines, code = by_hand('{"id": "a", "operation": "ping", "data": {}}')
    assert lines[-1]["id"] == "a"
    assert code == 0


def test_end_of_input_waits_for_what_was_asked(start):
    process = start(faulty=True)
    slow = process.send("sleep", {"seconds": 0.3})
    rest, _, code = process.finish()
    assert [message["id"] for message in rest] == [slow]
    assert code == 0


def test_shutdown_answers_what_came_before_refuses_what_comes_after_and_ends_with_zero(start):
    process = start(faulty=True)
    before = process.send("sleep", {"seconds": 0.3})
    bye = process.send("shutdown")
    after = process.send("sleep", {"seconds": 0})
    messages = {
        message["id"]: message for message in (process.receive(), process.receive(), process.receive())
    }
    assert messages[after]["error"]["code"] == "shutting_down"
    assert messages[before]["result"]["value"] == "slept"
    assert messages[bye]["result"] == {"status": "bye"}
    assert process.child.wait(10) == 0


@pytest.mark.parametrize(
    "line",
    [
        b"garbage",
        b"\x00\xff\xfe\x80",
        b"null",
        b"[]",
        b"7",
        b'"text"',
        b"[" * 5000,
        b'{"id": ' + b"[" * 5000,
        b'{"operation": "ping", "data": {"x": NaN}}',
        b'{"id": null, "operation": "nope"}',
        b'{"operation": "load_model", "data": {"model": "fbank"}}',
    ],
)
def test_11_a_line_that_is_no_request_is_logged_and_the_session_lives(start, line):
    process = start()
    process.write(line + b"\n")
    event = process.receive()
    assert event["event"] == "log"
    assert event["data"]["level"] == "warning"
    assert process.result("ping")["status"] == "ok"


@pytest.mark.parametrize("audio", ['"\\udcff.wav"', "[NaN]"])
def test_a_line_that_is_no_json_is_answered_where_its_id_can_be_read(start, audio):
    process = start(faulty=True)
    process.write(b'{"id": "mine", "operation": "sleep", "data": {"audio": %s}}\n' % audio.encode())
    error = process.answer("mine")["error"]
    assert error["code"] == "invalid_request"
    assert "Not JSON" in error["message"]


def test_requests_may_come_through_a_descriptor_that_does_not_block():
    reads, writes = os.pipe()
    os.set_blocking(reads, False)
    child = subprocess.Popen(
        [sys.executable, "-m", "gama_operations"], stdin=reads, stdout=subprocess.PIPE, start_new_session=True
    )
    os.close(reads)
    assert b"ready" in child.stdout.readline()  # by now it has found nothing to read
    os.write(writes, b'{"id": 1, "operation": "ping"}\n')
    os.close(writes)
    assert b'"ok"' in child.stdout.readline()
    child.stdout.close()
    assert child.wait(60) == 0


def test_a_request_without_operation_is_told_so_under_its_id(start):
    process = start()
    process.write(b'{"id": 0, "data": {}}\n')
    message = process.receive()
    assert message["id"] == 0
    assert message["error"]["code"] == "invalid_request"
    assert "operation" in message["error"]["message"]


def test_11_31_empty_lines_unknown_fields_and_prototype_names_are_nothing_special(start):
    process = start()
    process.write(b'\n\r\n{"id": 1, "operation": "ping", "data": {}, "__proto__": {"x": 1}, "deadline": 5}\n')
    assert process.receive()["result"]["status"] == "ok"


def test_10_a_line_in_single_bytes_and_many_lines_in_one_write_are_read_the_same(start):
    process = start()
    for byte in b'{"id": "\xc3\xa9\xf0\x9f\x8e\xb5\\u2028", "operation": "ping"}\n':
        process.write(bytes([byte]))
    assert process.receive()["id"] == "é🎵\u2028"
    process.write(b'{"id": "half", "oper')
    time.sleep(0.2)
    process.write(b'ation": "ping"}\n')
    assert process.receive()["id"] == "half"
    filler = "x" * 60
    lines = [b'{"id": %d, "operation": "ping", "more": "%s"}\n' % (i, filler.encode()) for i in range(10_000)]
    writer = threading.Thread(target=lambda: process.write_all(b"".join(lines)))
    writer.start()
    assert [process.receive()["id"] for _ in range(10_000)] == list(range(10_000))
    writer.join()


def test_11_two_requests_of_one_id_are_both_answered(start):
    process = start()
    process.write(b'{"id": 1, "operation": "ping"}\n' * 2)
    assert [process.receive()["id"], process.receive()["id"]] == [1, 1]


def test_an_unknown_operation_is_an_error_that_names_those_there_are(start):
    error = start().error("compose_music")
    assert error["code"] == "unknown_operation"
    assert "extract_features" in error["message"]


@pytest.mark.parametrize(
    ("operation", "data", "said"),
    [
        ("load_model", {"modle": "fbank"}, "unknown field `modle` - at `$`"),
        ("load_model", {"model": 7}, "Expected `str`, got `int` - at `$.model`"),
        ("process_audio", {"audio": "x.wav", "options": {"top_p": 2}}, "`$.options.top_p`"),
        ("process_audio", {"audio": {"path": "x.wav", "offset": -1}}, "`$.audio.offset`"),
        ("extract_features", {"audios": [{"rate": 1}]}, "`$.audios[0]`"),
    ],
)
def test_a_wrong_field_is_named_by_its_path(start, operation, data, said):
    error = start().error(operation, data)
    assert error["code"] == "invalid_request"
    assert said in error["message"]


def test_12_an_oversize_line_costs_itself_alone_and_is_answered_under_its_id(start):
    process = start()
    process.result("ping")
    before = most_resident(process.pid)
    megabyte = b"x" * (1 << 20)
    process.write_all(b'{"id": 41, "operation": "ping", "data": {"x": "')
    for _ in range(1024):
        process.write_all(megabyte)
    process.write_all(b'"}}\n')
    message = process.answer(41)
    assert message["error"]["code"] == "message_too_large"
    assert most_resident(process.pid) - before < 2 * MAX_LINE_BYTES
    assert process.result("ping")["status"] == "ok"


def most_resident(pid):
    """The most memory that the process ever had, bytes."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmHWM" in line)
    return int(line.split()[1]) * 1024


def test_18_noise_from_print_write_c_and_children_goes_to_stderr_and_not_to_the_wire(start):
    process = start(faulty=True)
    process.send("noise", request_id="noise")
    said = []
    while "event" in (message := process.receive()):
        said.append((message["data"]["level"], message["data"]["logger"], message["data"]["message"]))
    assert message == {"id": "noise", "result": {"value": "done"}}
    assert [record for record in said if record[1] != "py.warnings"] == [
        ("error", "shy.library", "from a shy library: é🎵"),
        ("warning", "loud.library.part", "from a loud library"),
    ]
    assert "UserWarning: a warning" in "".join(text for _, name, text in said if name == "py.warnings")
    rest, stderr, code = process.finish()
    assert "a shy library" not in stderr
    assert rest == []
    assert code == 0
    for origin in (
        "print",
        "os.write",
        "puts",
        "printf",
        "a child",
        "a forked child",
        "a forked logger",
        "tqdm",
    ):
        assert f"forged by {origin}" in stderr


def test_a_child_process_cannot_eat_requests_from_standard_input(start):
    process = start(faulty=True)
    stealing = process.send("steal")
    ping = process.send("modules")
    assert process.answer(stealing)["result"]["value"] == ""
    assert "result" in process.answer(ping)
