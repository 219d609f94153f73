"""How the process ends: never before its time, never after its parent."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import FAULTY
from gama_operations import lifetime
from gama_operations.lifetime import share_the_cores
from slots import write_slot


def is_running(pid):
    """Whether the process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pid, seconds=20):
    deadline = time.monotonic() + seconds
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not is_running(pid)


def members_of(group, seconds=20):
    """Processes of a group that are still there after a moment."""
    deadline = time.monotonic() + seconds
    while True:
        stats = [stat_of(entry) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
        left = [fields for fields in stats if fields and fields[0] != "Z" and fields[2] == str(group)]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.01)


def stat_of(process):
    """State, parent, group … of a process; nothing where it has gone."""
    try:
        return (process / "stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


PARENT = """
import os, subprocess, sys, time
child = subprocess.Popen(
    [sys.executable, sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
    env={**os.environ, "GRYM_PARENT_PID": str(os.getpid())},
)
child.stdout.readline()
child.stdin.write(sys.argv[2].encode() + b"\\n")
child.stdin.flush()
os.set_inheritable(child.stdin.fileno(), True)
keeper = subprocess.Popen(["sleep", "60"], close_fds=False)  # keeps the pipe open: no end of file will come
print(child.pid, keeper.pid, flush=True)
time.sleep(60)
"""


def orphan(request):
    """Kill a parent while its child works, with the child's standard input still open; the child's pid."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(FAULTY), request], stdout=subprocess.PIPE, start_new_session=True
    )
    child, keeper = map(int, parent.stdout.readline().split())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    gone = wait_until_gone(child)
    os.kill(keeper, signal.SIGKILL)
    return gone


def test_an_idle_process_dies_with_its_parent_though_its_input_stays_open():
    assert orphan('{"id": 1, "operation": "ping"}')


def test_a_busy_process_dies_with_its_parent_too():
    assert orphan('{"id": 1, "operation": "spin", "data": {"seconds": 50}}')


def test_a_process_whose_parent_died_before_it_started_ends_at_once():
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    done = subprocess.run(
        [sys.executable, "-m", "gama_operations"],
        stdin=subprocess.PIPE,
        capture_output=True,
        check=False,
        timeout=60,
        env={**os.environ, "GRYM_PARENT_PID": str(gone.pid)},
    )
    assert done.stdout == b""


def test_interrupts_are_ignored(start):
    process = start(faulty=True)
    request = process.send("sleep", {"seconds": 0.5})
    while not process.result("ping")["busy"]:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    assert process.answer(request)["result"]["value"] == "slept"


def test_a_kill_leaves_no_process_and_no_named_file_behind(start):
    process = start(faulty=True, arenas=True)
    process.result("echo", {"tensor": write_slot(process.arenas[0], b"\0" * 4096)})
    opened = [os.readlink(link) for link in Path(f"/proc/{process.pid}/fd").iterdir()]  # noqa: PTH115 # deleted files
    named = [path for path in opened if path.startswith(("/dev/shm", "/tmp")) and "(deleted)" not in path]  # noqa: S108 # where arenas lie
    process.send("die")
    assert process.receive() is None
    assert process.child.wait(20) == -signal.SIGKILL
    assert named == []
    assert not members_of(process.pid)


def test_25_programs_and_forked_children_of_a_killed_process_die_with_it(start):
    process = start(faulty=True)
    children = process.result("grandchild")["value"]
    assert all(map(is_running, children))
    os.kill(process.pid, signal.SIGKILL)
    assert all(map(wait_until_gone, children))
    assert not members_of(process.pid)


def test_an_operation_that_waits_for_its_children_does_not_wait_for_ours(start):
    process = start(faulty=True)
    assert process.result("wait_for_children")["value"] == "none"


def test_where_there_is_no_shell_the_process_starts_and_says_what_that_means(monkeypatch, capsys):
    monkeypatch.setattr(lifetime, "_SHELL", "/nowhere/sh")
    monkeypatch.setenv("GRYM_PARENT_PID", str(os.getppid()))
    monkeypatch.setattr(os, "getpgrp", os.getpid)
    lifetime.take_children_along()
    assert "/nowhere/sh is missing" in capsys.readouterr().err


def test_a_process_in_the_group_of_somebody_else_kills_nobody():
    script = f'{sys.executable} -m gama_operations < /dev/null > /dev/null; echo "alive"'
    environment = {**os.environ, "GRYM_PARENT_PID": str(os.getpid())}
    done = subprocess.run(["sh", "-c", script], capture_output=True, check=True, env=environment, timeout=60)
    assert done.stdout == b"alive\n"


def test_when_nobody_reads_the_answers_any_more_the_process_ends(start):
    process = start(faulty=True)
    process.child.stdout.close()
    process.send("sleep", {"seconds": 0})
    assert process.child.wait(20) == 1


@pytest.mark.parametrize(
    ("variable", "ours", "theirs"),
    [("OMP_WAIT_POLICY", "PASSIVE", "ACTIVE"), ("OPENBLAS_NUM_THREADS", "1", "4")],
)
def test_waiting_threads_sleep_unless_the_user_decided_otherwise(monkeypatch, variable, ours, theirs):
    monkeypatch.delenv(variable, raising=False)
    share_the_cores()
    assert os.environ[variable] == ours
    monkeypatch.setenv(variable, theirs)
    share_the_cores()
    assert os.environ[variable] == theirs


MANY_REQUESTS = """
import gc, os
from gama_operations.bridge import Bridge
from gama_operations.operations import BoundOperation
from gama_operations.protocol import PingData, ShutdownResult
from gama_operations.running import RunningMark
from gama_operations.session import Session
from gama_operations.tensors import Arenas
from gama_operations.wire import LineReader, LineWriter

def found(requests):
    reading, writing = os.pipe()
    os.write(writing, b'{"id":1,"operation":"light","data":{}}\\n' * requests)
    os.close(writing)
    operations = {"light": BoundOperation(PingData, lambda _data, _call: ShutdownResult("bye"))}
    answers = LineWriter(os.open(os.devnull, os.O_WRONLY))
    bridge = Bridge(answers, Session(Arenas.inherit({})), operations, RunningMark.inherit({}))
    gc.collect()
    bridge.serve(LineReader(reading))
    return gc.collect()

gc.disable()
found(1)  # imports
print(found(1), found(1001))
"""


def test_30_a_request_leaves_nothing_to_the_garbage_collector():
    done = subprocess.run([sys.executable, "-c", MANY_REQUESTS], capture_output=True, check=True)
    of_one, of_many = map(int, done.stdout.split())
    assert of_many - of_one < 1000
