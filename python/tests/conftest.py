"""A real process of ours on the other end of real pipes."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from gama_operations.lifetime import share_the_cores

pytest_plugins = ["hub_fixtures", "store_fixtures"]

FAULTY = Path(__file__).parent / "fixtures" / "process" / "faulty.py"
os.environ["GRYM_FEATURE_CACHE_MB"] = "0"  # no test finds what another one computed
share_the_cores()  # the tests themselves import torch

PATIENCE = 180.0  # seconds: generous, since a loaded machine is no failure


def pytest_collection_modifyitems(config, items):
    """Leave the long forms to `npm run soak`, which sets GRYM_SOAK=1."""
    if os.environ.get("GRYM_SOAK") == "1":
        return
    long = [item for item in items if item.get_closest_marker("soak")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]


class Process:
    """`python -m gama_operations`, or the faulty variant of it, and its lines."""

    def __init__(self, *, faulty=False, arenas=False, environment=None):
        self.arenas = []
        ours = {"OMP_NUM_THREADS": "1", "GRYM_PARENT_PID": str(os.getpid())}
        variables = {**os.environ, **ours, **(environment or {})}
        if arenas:
            self.arenas = [_unlinked_file(), _unlinked_file()]
            variables["GRYM_ARENA_IN"], variables["GRYM_ARENA_OUT"] = map(str, self.arenas)
        command = [str(FAULTY)] if faulty else ["-m", "gama_operations"]
        self.child = subprocess.Popen(
            [sys.executable, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            pass_fds=self.arenas,
            start_new_session=True,
            env=variables,
        )
        self.pid = self.child.pid
        self._buffer = b""
        self._next_id = 0
        self._early = {}
        self.ready = self.receive()

    def write(self, data: bytes):
        self.child.stdin.write(data)

    def write_all(self, data: bytes):
        """Unbuffered, one write may take a part only."""
        rest = memoryview(data)
        while rest:
            rest = rest[self.child.stdin.write(rest) :]

    def send(self, operation, data=None, request_id=None):
        self._next_id += 1
        chosen = self._next_id if request_id is None else request_id
        self.send_line({"id": chosen, "operation": operation, "data": data or {}})
        return chosen

    def send_line(self, message):
        self.write(json.dumps(message).encode() + b"\n")

    def receive(self):
        """The next line; None at the end of the stream."""
        deadline = time.monotonic() + PATIENCE
        while b"\n" not in self._buffer:
            if not select.select([self.child.stdout], [], [], deadline - time.monotonic())[0]:
                pytest.fail(f"no line within {PATIENCE} s")
            chunk = os.read(self.child.stdout.fileno(), 1 << 20)
            if not chunk:
                return None
            self._buffer += chunk
        line, self._buffer = self._buffer.split(b"\n", 1)
        return json.loads(line)

    def answer(self, request_id):
        """The answer to a request; events on the way are skipped, and answers to others kept for later."""
        if request_id in self._early:
            return self._early.pop(request_id)
        while (message := self.receive()) is not None:
            if "event" in message:
                continue
            if message.get("id") == request_id:
                return message
            # Two threads answer: a cancelled job's error may overtake the answer to `cancel`.
            self._early[message.get("id")] = message
        return pytest.fail(f"the process ended without an answer to {request_id}")

    def call(self, operation, data=None):
        return self.answer(self.send(operation, data))

    def result(self, operation, data=None):
        message = self.call(operation, data)
        assert "result" in message, message
        return message["result"]

    def error(self, operation, data=None):
        message = self.call(operation, data)
        assert "error" in message, message
        return message["error"]

    def finish(self):
        """End of input: the remaining lines, stderr and the exit code."""
        self.child.stdin.close()
        rest = []
        while (message := self.receive()) is not None:
            rest.append(message)
        stderr = self.child.stderr.read().decode()
        return rest, stderr, self.child.wait(PATIENCE)

    def close(self):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.child.wait(PATIENCE)
        for stream in (self.child.stdin, self.child.stdout, self.child.stderr):
            stream.close()
        for descriptor in self.arenas:
            os.close(descriptor)


def _unlinked_file():
    folder = "/dev/shm" if os.path.isdir("/dev/shm") else tempfile.gettempdir()  # noqa: PTH112, S108 # tmpfs
    descriptor, path = tempfile.mkstemp(dir=folder)
    os.unlink(path)  # noqa: PTH108 # a file without a name, as Node makes it
    return descriptor


@pytest.fixture
def start():
    """Start processes that are gone when the test is over."""
    started = []

    def begin(**options):
        process = Process(**options)
        started.append(process)
        return process

    yield begin
    for process in started:
        process.close()


@pytest.fixture(scope="session")
def process():
    """One process for all tests that leave nothing in it but models under names of their own: importing
    torch takes seconds.
    """
    shared = Process()
    yield shared
    shared.close()
