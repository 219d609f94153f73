"""One process, several clients: what a host's process does for them, and keeps apart."""

import json
import os
import tempfile
import time
import wave
from pathlib import Path

import pytest

from slots import write_slot

SIZE = 4096  # bytes of a test tensor
TENSOR = {"$t": {"dtype": "uint8", "shape": [SIZE], "offset": 64, "generation": 1}}


@pytest.fixture
def arena():
    """An input arena of the test's own, as a client makes it: filled with one byte."""
    opened = []

    def make(byte):
        descriptor, path = tempfile.mkstemp()
        os.unlink(path)  # noqa: PTH108 # a file without a name, as Node makes it
        write_slot(descriptor, bytes([byte]) * SIZE)
        opened.append(descriptor)
        return f"/proc/{os.getpid()}/fd/{descriptor}"

    yield make
    for descriptor in opened:
        os.close(descriptor)


class Host:
    """Speaks to the process for its clients."""

    def __init__(self, process):
        self.process = process
        self._last_id = 0

    def attach(self, client, **data):
        return self.process.result("attach_client", {"client": client, **data})

    def send(self, client, operation, data=None):
        self._last_id += 1
        request_id = client * 2**32 + self._last_id
        line = {"client": client, "id": request_id, "operation": operation, "data": data or {}}
        self.process.write(json.dumps(line).encode() + b"\n")
        return request_id

    def ask(self, client, operation, data=None):
        return self.process.answer(self.send(client, operation, data))

    def bytes_of(self, answer):
        reference = answer["result"]["value"]["$t"]
        return os.pread(self.process.arenas[1], SIZE, reference["offset"]), reference["generation"]


@pytest.fixture
def host(start):
    return Host(start(faulty=True, arenas=True))


def holds(process, path):
    """Whether the process has that file open."""
    wanted = os.readlink(path)  # noqa: PTH115 # a deleted file
    return any(os.readlink(link) == wanted for link in Path(f"/proc/{process.pid}/fd").iterdir())  # noqa: PTH115 # as above


def test_each_client_s_tensors_come_from_its_own_arena(host, arena):
    host.attach(1, arena=arena(1))
    host.attach(2, arena=arena(2))
    first, second = (host.bytes_of(host.ask(client, "echo", {"tensor": TENSOR})) for client in (1, 2))
    assert first[0] == b"\1" * SIZE
    assert second[0] == b"\2" * SIZE


def test_a_client_cannot_release_another_s_slot(host, arena):
    host.attach(1, arena=arena(1))
    host.attach(2, arena=arena(2))
    _, generation = host.bytes_of(host.ask(1, "echo", {"tensor": TENSOR}))
    assert host.ask(2, "release", {"generations": [generation]})["result"] == {"released": 0}
    assert host.ask(1, "release", {"generations": [generation]})["result"] == {"released": 1}


def test_a_client_that_goes_takes_its_requests_slots_and_descriptor_with_it_and_no_other_s(host, arena):
    first, second = arena(1), arena(2)
    host.attach(1, arena=first)
    host.attach(2, arena=second)
    for _ in range(3):
        host.ask(1, "echo", {"tensor": TENSOR})
    kept, generation = host.bytes_of(host.ask(2, "echo", {"tensor": TENSOR}))
    running = host.send(1, "sleep", {"seconds": 60})
    waiting = host.send(1, "echo", {"tensor": TENSOR})
    other = host.send(2, "echo", {"tensor": TENSOR})
    while not host.process.result("ping")["busy"]:
        time.sleep(0.01)
    assert host.process.result("detach_client", {"client": 1}) == {"released": 3}
    assert host.process.answer(running)["error"]["code"] == "cancelled"
    assert host.bytes_of(host.process.answer(other))[0] == b"\2" * SIZE
    assert waiting not in host.process._early  # nobody is told of what nobody waits for
    assert not holds(host.process, first)
    assert holds(host.process, second)
    assert kept == b"\2" * SIZE
    assert host.ask(2, "release", {"generations": [generation]})["result"] == {"released": 1}
    assert host.ask(1, "ping")["error"]["code"] == "invalid_request"


def test_a_result_that_was_being_written_when_its_client_went_is_freed_too(host, arena):
    host.attach(1, arena=arena(1))
    ids = [host.send(1, "echo", {"tensor": TENSOR}) for _ in range(50)]
    released = host.process.result("detach_client", {"client": 1})["released"]
    answered = [message for message in host.process._early.values() if "result" in message]
    assert released == len([message for message in answered if message["id"] in ids])
    host.attach(2, arena=arena(2))
    answer = host.ask(2, "echo", {"tensor": TENSOR})
    assert answer["result"]["value"]["$t"]["offset"] == 64  # the arena is empty again


@pytest.mark.parametrize("operation", ["attach_client", "detach_client", "shutdown"])
def test_what_is_the_host_s_is_not_for_its_clients(host, operation):
    host.attach(1)
    data = {} if operation == "shutdown" else {"client": 1}
    assert host.ask(1, operation, data)["error"]["code"] == "invalid_request"
    assert host.ask(1, "ping")["result"]["status"] == "ok"


def test_a_client_without_an_arena_gets_its_tensors_inside_the_lines(host):
    assert host.attach(1, shares_output=False) == {"plane": "json"}
    inline = {"$t": {"dtype": "uint8", "shape": [2], "base64": "AQI="}}
    value = host.ask(1, "echo", {"tensor": inline})["result"]["value"]
    assert value["$t"]["base64"] == "AQI="
    assert host.ask(1, "status")["result"]["plane"] == "json"
    assert host.process.result("status")["plane"] != "json"


def test_an_arena_that_cannot_be_opened_is_an_error_of_the_host_s_request(host):
    assert host.process.error("attach_client", {"client": 1, "arena": "/proc/self/fd/4095"})["code"]
    assert host.ask(1, "ping")["error"]["message"] == "No client 1 is attached."


def test_relative_paths_begin_where_each_client_is(host, tmp_path):
    folders = [tmp_path / name for name in ("with", "without")]
    for folder in folders:
        folder.mkdir()
    with wave.open(str(folders[0] / "clip.wav"), "wb") as clip:
        clip.setparams((1, 2, 16_000, 0, "NONE", ""))
        clip.writeframes(b"\1\2" * 16_000)
    for client, folder in enumerate(folders, start=1):
        host.attach(client, folder=str(folder))
    asked = {"audio": "clip.wav", "model": "fbank"}
    for _ in range(2):
        assert host.ask(1, "extract_features", asked)["result"]["seconds_given"] == [1.0]
        assert host.ask(2, "extract_features", asked)["error"]["code"] == "audio_not_found"
    folders[1].rmdir()
    assert "cannot be entered" in host.ask(2, "extract_features", asked)["error"]["message"]


def test_a_profile_belongs_to_the_client_that_began_it_and_ends_with_it(host):
    host.attach(1)
    host.attach(2)
    profile = {"profile": host.ask(1, "start_profile")["result"]["profile"]}
    assert host.ask(2, "stop_profile", profile)["error"]["code"] == "invalid_request"
    threads = Path(f"/proc/{host.process.pid}/task")
    before = len(list(threads.iterdir()))
    host.process.result("detach_client", {"client": 1})
    deadline = time.monotonic() + 60  # the sampler ends at its next look
    while len(list(threads.iterdir())) >= before:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def stream(host, client, audios, credit):
    """Ask for features in parts of one clip each."""
    data = {"audios": audios, "model": "fbank", "batch_size": 1, "reply": "tensor"}
    request_id = client * 2**32 + 1000
    line = {
        "client": client,
        "id": request_id,
        "operation": "extract_features",
        "data": data,
        "credit": credit,
    }
    host.process.send_line(line)
    return request_id


def next_part(host, request_id):
    while (message := host.process.receive()).get("event") != "part" or message["id"] != request_id:
        pass
    return message["data"]["value"]


def wait_until_parked(host):
    deadline = time.monotonic() + 60
    while host.process.result("ping")["busy"]:
        assert time.monotonic() < deadline


def write_clips(folder, count):
    folder.mkdir()
    for index in range(count):
        with wave.open(str(folder / f"{index}.wav"), "wb") as file:
            file.setparams((1, 2, 16_000, 0, "NONE", ""))
            file.writeframes(bytes(range(256)) * 100)
    return [f"{index}.wav" for index in range(count)]


def test_streams_of_two_clients_find_their_files_however_they_take_turns(host, tmp_path):
    count = 12  # more than are decoded at once
    for client in (1, 2):
        write_clips(tmp_path / str(client), count)
        host.attach(client, folder=str(tmp_path / str(client)))
    (tmp_path / "2" / "9.wav").unlink()
    names = [f"{index}.wav" for index in range(count)]
    first = stream(host, 1, names, credit=1)
    assert next_part(host, first)["indices"] == [0]
    wait_until_parked(host)
    second = stream(host, 2, names, credit=count)
    assert [failure["index"] for failure in host.process.answer(second)["result"]["failures"]] == [9]
    host.process.send_line({"client": 1, "operation": "credit", "data": {"id": first, "count": count}})
    assert host.process.answer(first)["result"]["failures"] == []


def test_a_stream_of_a_client_that_is_gone_is_forgotten_with_its_memory(host, arena, tmp_path):
    path = arena(1)
    host.attach(1, arena=path, folder=str(tmp_path / "clips"))
    request_id = stream(host, 1, write_clips(tmp_path / "clips", 6), credit=1)
    next_part(host, request_id)
    wait_until_parked(host)
    # One slot was sent, one waits for credit.
    assert host.process.result("detach_client", {"client": 1}) == {"released": 2}
    assert not holds(host.process, path)
    assert request_id not in host.process._early
    assert host.process.result("credit", {"id": request_id, "count": 1}) == {"running": False}
    host.attach(2, arena=arena(2))
    assert host.bytes_of(host.ask(2, "echo", {"tensor": TENSOR}))[0] == b"\2" * SIZE


def test_a_client_that_names_another_s_request_is_refused_and_changes_nothing(host):
    host.attach(1)
    host.attach(2)
    running = host.send(1, "sleep", {"seconds": 1})
    while not host.process.result("ping")["busy"]:
        time.sleep(0.01)
    for operation, data in [
        ("cancel", {}),
        ("credit", {"count": 1}),
        ("upload", {"upload": 0, "base64": ""}),
    ]:
        error = host.ask(2, operation, {"id": running, **data})["error"]
        assert error["code"] == "invalid_request"
        assert "not of a request of client 2" in error["message"]
    # Its answer would be taken for the other's.
    forged = {"client": 2, "id": running, "operation": "ping"}
    host.process.write(json.dumps(forged).encode() + b"\n")
    assert host.process.answer(running)["result"]["value"] == "slept"
