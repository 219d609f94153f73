"""The wire: newline-delimited JSON on two private descriptors.

Framing splits on byte 0x0A only, so a line that is too long, or is no JSON, costs itself alone:
the next newline is a fresh start.
"""

import math
import os
import select
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from gama_operations.errors import MessageTooLargeError, NonFiniteResultError
from gama_operations.lifetime import end
from gama_operations.protocol import MAX_LINE_BYTES, Log, LogMessage

CHUNK_BYTES = 256 * 1024
MOST_POSTS = 1_000  # log records that wait for a client that does not read
HEAD_BYTES = 1024  # enough of a discarded line to find its id


@dataclass(frozen=True, slots=True)
class OversizeLine:
    """A line that was longer than the limit; only its first bytes were kept."""

    head: bytes


class LineReader:
    """Lines of a descriptor, without their newline; memory stays below the limit plus one chunk."""

    def __init__(self, descriptor: int, limit: int = MAX_LINE_BYTES) -> None:
        self._descriptor = descriptor
        self._limit = limit
        self._chunk = memoryview(bytearray(min(limit, CHUNK_BYTES)))
        self._held = bytearray()
        self._oversize: bytes | None = None

    def __iter__(self) -> Iterator[bytes | OversizeLine]:
        while chunk := self._read():
            first, *more = chunk.split(b"\n")
            self._keep(first)
            if not more:
                continue
            yield self._finish()
            rest = more.pop()
            yield from more  # whole within a chunk: none is longer than the limit
            self._keep(rest)
        if self._held or self._oversize is not None:
            yield self._finish()

    def _read(self) -> bytes:
        while True:
            try:
                # os.read would map and unmap as many fresh bytes for each line.
                return bytes(self._chunk[: os.readv(self._descriptor, [self._chunk])])
            except BlockingIOError:  # a terminal or a shell may hand over a non-blocking descriptor
                select.select([self._descriptor], [], [])
            except ConnectionResetError:  # the other end of a socket was killed: the same as end of file
                return b""

    def _keep(self, piece: bytes) -> None:
        if self._oversize is not None:
            return
        if len(self._held) + len(piece) > self._limit:
            self._oversize = bytes(self._held[:HEAD_BYTES]) or piece[:HEAD_BYTES]
            self._held = bytearray()
        else:
            self._held += piece

    def _finish(self) -> bytes | OversizeLine:
        line = bytes(self._held) if self._oversize is None else OversizeLine(self._oversize)
        self._held = bytearray()
        self._oversize = None
        return line


def _find_non_finite(value: Any, path: str) -> str | None:
    """Path of the first NaN or infinity inside a message, or None."""
    match value:
        case float():
            return None if math.isfinite(value) else path
        case msgspec.Struct():
            children = ((f"{path}.{name}", getattr(value, name)) for name in value.__struct_fields__)
        case dict():
            children = ((f"{path}.{name}", child) for name, child in value.items())
        case list() | tuple():
            children = ((f"{path}[{index}]", child) for index, child in enumerate(value))
        case _:
            return None
    return next((found for where, child in children if (found := _find_non_finite(child, where))), None)


def encode(message: msgspec.Struct) -> bytes:
    """One line, newline included.

    Raises:
        NonFiniteResultError: a float is NaN or infinite (msgspec itself would write null).
        MessageTooLargeError: the line would be longer than the other side reads.
    """
    line = msgspec.json.encode(message)
    # Only a line with a null in it can hide a non-finite float; most lines need no second look.
    if b"null" in line and (path := _find_non_finite(message, "$")):
        raise NonFiniteResultError(f"The number at {path} is not finite; JSON cannot carry it.", path=path)
    if len(line) >= MAX_LINE_BYTES:
        raise MessageTooLargeError(
            f"The answer has {len(line)} bytes as JSON, the limit is {MAX_LINE_BYTES}: "
            'ask for a tensor (reply: "tensor"), or for fewer clips at a time.'
        )
    return line + b"\n"


class LineWriter:
    """Whole lines from any thread; one lock, one writer at a time."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self._posts: deque[LogMessage] = deque()
        self._lost = 0

    def send(self, message: msgspec.Struct) -> None:
        """Write one message; what `encode` raises is raised before the first byte is written."""
        self._write(encode(message))

    def offer(self, message: msgspec.Struct) -> bool:
        """Write one message unless the reader lags behind or another thread is writing; True if written."""
        line = encode(message)
        if not self._lock.acquire(blocking=False):
            return False
        try:
            if not select.select([], [self._descriptor], [], 0)[1]:
                return False
            self._write_all(line)
        finally:
            self._lock.release()
        return True

    def post(self, message: LogMessage) -> None:
        """Write a log event as soon as the reader has room, and never wait; dropped where too many wait."""
        if len(self._posts) >= MOST_POSTS:
            self._lost += 1
            return
        self._posts.append(message)
        # Taken by this very thread where a finalizer logs in the middle of a write.
        if self._lock.acquire(blocking=False):
            try:
                self._write_posts()
            finally:
                self._lock.release()

    def _write_posts(self) -> None:
        while self._posts and select.select([], [self._descriptor], [], 0)[1]:
            self._write_all(encode(self._posts.popleft()))
            if not self._posts and self._lost:
                text = f"{self._lost} log records were dropped: the client did not read them in time."
                self._posts.append(LogMessage(Log("warning", text)))
                self._lost = 0

    def _write(self, line: bytes) -> None:
        with self._lock:
            if self._posts:
                self._write_posts()
            self._write_all(line)

    def _write_all(self, line: bytes) -> None:
        rest: bytes | memoryview = line
        while rest:
            try:
                written = os.write(self._descriptor, rest)
                if written == len(rest):
                    return
                rest = memoryview(rest)[written:]
            except (BrokenPipeError, ConnectionResetError):
                end(1)  # nobody listens any more, so nothing that this process does can be of use
            except BlockingIOError:  # a terminal or a shell may hand over a non-blocking descriptor
                select.select([], [self._descriptor], [])
