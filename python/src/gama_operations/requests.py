"""From a line to a request, and what can be said about a line that is none."""

import json
import re
from types import UnionType
from typing import Literal, Union, get_args, get_origin

import msgspec

from gama_operations.errors import InvalidRequestError, MessageTooLargeError, OperationError
from gama_operations.protocol import MAX_LINE_BYTES, Credit, Id, Index, Priority
from gama_operations.wire import OversizeLine

HALF = "a text holds half a character, a surrogate without its other one: cut texts between characters"
SHOWN = 200  # bytes of a bad line that its log event quotes


class Envelope(msgspec.Struct, frozen=True):
    """A request whose data is not decoded yet. Fields that we do not know are ignored."""

    operation: str
    id: Id | None = None
    data: msgspec.Raw = msgspec.Raw(b"{}")
    priority: Priority = "user"
    credit: Credit | None = None
    done: list[Index] = []
    client: int = 0


class UnreadableLineError(Exception):
    """A line that is no request; `id` is set where the sender can still be told."""

    def __init__(self, fault: OperationError, request_id: Id | None) -> None:
        super().__init__(str(fault))
        self.fault = fault
        self.id = request_id


_envelopes = msgspec.json.Decoder(Envelope)
_ids = msgspec.json.Decoder(Id)
_leading_id = re.compile(rb'\{[^{}\[\]]*?"id"\s*:\s*(-?\d+|"(?:[^"\\]|\\.)*")')


def read_request(line: bytes | OversizeLine) -> Envelope:
    """The request on a line.

    Raises:
        UnreadableLineError: it is too long, no JSON, or no request.
    """
    if isinstance(line, OversizeLine):
        fault = MessageTooLargeError(
            f"A line was longer than {MAX_LINE_BYTES} bytes and was discarded; send large data as tensors."
        )
        found = _leading_id.match(line.head)
        raise UnreadableLineError(fault, _ids.decode(found[1]) if found else None)
    try:
        return _envelopes.decode(line)
    except msgspec.ValidationError as error:
        fault = InvalidRequestError(f"Not a request: {error}.")
        raise UnreadableLineError(fault, _find_id(line)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        shown = line[:SHOWN].decode("utf-8", "backslashreplace")
        found = _leading_id.match(line)
        request_id = _ids.decode(found[1]) if found else None
        why = HALF if _has_half_a_character(line) else str(error)
        raise UnreadableLineError(InvalidRequestError(f"Not JSON ({why}): {shown}"), request_id) from error


def _has_half_a_character(line: bytes) -> bool:
    """Whether that is all that is wrong: msgspec calls such a line truncated."""
    try:
        json.dumps(json.loads(line), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    except (ValueError, RecursionError):
        return False
    return False


class _OnlyId(msgspec.Struct, frozen=True):
    id: Id


def _find_id(line: bytes) -> Id | None:
    try:
        return msgspec.json.decode(line, type=_OnlyId).id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def decode_data(envelope: Envelope, kind: type[msgspec.Struct]) -> msgspec.Struct:
    """The data of a request as its type.

    Raises:
        InvalidRequestError: it does not fit; the message holds the path, as in `$.audio.sample_rate`.
    """
    try:
        return msgspec.json.decode(envelope.data, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        where = "" if "at `$" in str(error) else " - at `$`"
        raise InvalidRequestError(f"{envelope.operation}: {error}{where}{_allowed(error, kind)}") from error


def _allowed(error: Exception, kind: type[msgspec.Struct]) -> str:
    """The values that a field takes, where it was given none of them: msgspec names the field alone."""
    found = re.search(r"Invalid enum value .* at `\$\.(\w+)`", str(error))
    if found is None:
        return ""
    (field,) = [field for field in msgspec.structs.fields(kind) if field.encode_name == found[1]]
    parts = get_args(field.type) if get_origin(field.type) in (Union, UnionType) else (field.type,)
    values = [value for part in parts if get_origin(part) is Literal for value in get_args(part)]
    return f"; one of {', '.join(map(str, values))}"
