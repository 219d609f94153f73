"""What went wrong, with a request or with one of its clips."""

from typing import Any, Literal

from msgspec import Struct

ErrorCode = Literal[
    "invalid_request",
    "unknown_operation",
    "invalid_audio",
    "audio_not_found",
    "audio_too_long",
    "unsupported_format",
    "model_not_found",
    "model_invalid",
    "model_gated",
    "hub_unreachable",
    "disk_full",
    "not_capable",
    "out_of_memory",
    "stale_tensor",
    "message_too_large",
    "cancelled",
    "shutting_down",
    "internal",
]


class ClipFailure(Struct, frozen=True, forbid_unknown_fields=True):
    """A clip of a batch that could not be used; its row of features is NaN (null in JSON)."""

    index: int
    code: ErrorCode
    message: str


class TracebackFrame(Struct, frozen=True, forbid_unknown_fields=True):
    """One frame of a Python traceback, outermost first."""

    file: str
    line: int
    function: str


class WireError(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An error that crossed the wire."""

    code: ErrorCode
    message: str
    type: str
    """Python class of the error."""
    traceback: str = ""
    """The Python traceback as text, at most 16 kB."""
    details: dict[str, Any] = {}
