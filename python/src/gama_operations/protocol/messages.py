"""The lines: requests, and what the process writes."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from gama_operations.protocol.errors import WireError
from gama_operations.protocol.scalars import Index

PROTOCOL_VERSION = 2

MAX_LINE_BYTES = 64 * 1024 * 1024
"""Longest line that either side reads; bulk data goes beside the lines."""


class Ready(Struct, frozen=True, forbid_unknown_fields=True):
    """Data of the event `ready`: the first line, before torch is imported."""

    protocol: int
    pid: int
    python: str
    operations: list[str]
    arena: bool


class Progress(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Data of the event `progress`."""

    stage: str
    done: float
    total: float
    unit: str = ""
    message: str = ""


LogLevel = Literal["debug", "info", "warning", "error"]


class Log(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Data of the event `log`: a record of Python's `logging`, or a remark of the wire itself."""

    level: LogLevel
    message: str
    logger: str = ""
    """Name of the logger (`py.warnings` for warnings); empty: a line that belongs to no request."""


Id = int | str
"""Chosen by the client, echoed by the process."""

Priority = Literal["user", "background"]
"""`user`: someone waits for it; it is worked before what is `background`, and never interrupts it."""

Credit = Annotated[int, Meta(ge=0)]
"""The answer may come in parts, of which so many may be on their way; `credit` asks for more."""


class Request(Struct, frozen=True, forbid_unknown_fields=True):
    """What the client writes. `release`, `upload`, `credit`, `cancel` need no `id`; then no answer comes."""

    operation: str
    id: Id | None = None
    data: dict[str, Any] = {}
    priority: Priority = "user"
    credit: Credit | None = None
    done: list[Index] = []
    """With `credit`: indices that parts of a process before brought; they come in no part again."""
    client: Annotated[int, Meta(ge=0)] = 0
    """Written by a host that speaks for several: whose request it is. 0: who owns the process."""


class ResultMessage(Struct, frozen=True, forbid_unknown_fields=True):
    """The answer to a request."""

    id: Id
    result: Any


class ErrorMessage(Struct, frozen=True, forbid_unknown_fields=True):
    """The answer to a request that failed."""

    id: Id
    error: WireError


class ReadyMessage(Struct, frozen=True, forbid_unknown_fields=True, tag_field="event", tag="ready"):
    """The first line."""

    data: Ready


class ProgressMessage(Struct, frozen=True, forbid_unknown_fields=True, tag_field="event", tag="progress"):
    """How far the request `id` has come; at most 20 a second."""

    id: Id
    data: Progress


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    """Data of the event `part`: the parts of an answer are numbered from 0, again in each process."""

    sequence: int
    value: Any


class PartMessage(Struct, frozen=True, forbid_unknown_fields=True, tag_field="event", tag="part"):
    """A part of the answer to the request `id`; the result, after the last part, ends it."""

    id: Id
    data: Part


class LogMessage(Struct, frozen=True, forbid_unknown_fields=True, tag_field="event", tag="log"):
    """A remark of the process."""

    data: Log


MESSAGES = (ResultMessage, ErrorMessage, ReadyMessage, ProgressMessage, PartMessage, LogMessage)
"""What the process writes: one of these on each line."""
