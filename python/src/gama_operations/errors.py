"""Errors that cross the wire.

    OperationError                 code
    ├── InvalidRequestError        invalid_request
    ├── UnknownOperationError      unknown_operation
    ├── InvalidAudioError          invalid_audio
    ├── AudioNotFoundError         audio_not_found
    ├── AudioTooLongError          audio_too_long
    ├── UnsupportedFormatError     unsupported_format
    ├── ModelNotFoundError         model_not_found
    ├── ModelInvalidError          model_invalid
    ├── ModelGatedError            model_gated
    ├── HubUnreachableError        hub_unreachable
    ├── DiskFullError              disk_full
    ├── CapabilityError            not_capable
    ├── OutOfMemoryError           out_of_memory
    ├── StaleTensorError           stale_tensor
    ├── MessageTooLargeError       message_too_large
    ├── CancelledError             cancelled
    ├── ShuttingDownError          shutting_down
    └── NonFiniteResultError       internal

Anything else that an operation raises is `internal`: our bug, never blamed on the caller.
"""

from typing import Any, ClassVar

from gama_operations.protocol import ErrorCode


class OperationError(Exception):
    """Base of the errors that an operation raises on purpose; `details` travel as JSON."""

    code: ClassVar[ErrorCode] = "internal"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.details = details


class InvalidRequestError(OperationError):
    """The request does not fit its type, or its fields contradict each other."""

    code: ClassVar[ErrorCode] = "invalid_request"


class UnknownOperationError(OperationError):
    """No operation has that name."""

    code: ClassVar[ErrorCode] = "unknown_operation"


class InvalidAudioError(OperationError):
    """The audio is empty, damaged, or holds samples that are not numbers."""

    code: ClassVar[ErrorCode] = "invalid_audio"


class AudioNotFoundError(OperationError):
    """There is no readable file at that path."""

    code: ClassVar[ErrorCode] = "audio_not_found"


class AudioTooLongError(OperationError):
    """The audio is longer than the stated limit."""

    code: ClassVar[ErrorCode] = "audio_too_long"


class UnsupportedFormatError(OperationError):
    """No installed decoder reads the file; the message names the command that helps."""

    code: ClassVar[ErrorCode] = "unsupported_format"


class ModelNotFoundError(OperationError):
    """No shipped model and no folder has that name."""

    code: ClassVar[ErrorCode] = "model_not_found"


class ModelInvalidError(OperationError):
    """The folder is there, but its files do not make the model: missing tensors are named."""

    code: ClassVar[ErrorCode] = "model_invalid"


class ModelGatedError(OperationError):
    """The hub gives no access: a licence was not accepted, or there is no token; the message says where."""

    code: ClassVar[ErrorCode] = "model_gated"


class HubUnreachableError(OperationError):
    """No connection to the hub, a cut one, or HF_HUB_OFFLINE; `missing` names what was not fetched."""

    code: ClassVar[ErrorCode] = "hub_unreachable"


class DiskFullError(OperationError):
    """It does not fit on the disk: `needed` and `free`, bytes."""

    code: ClassVar[ErrorCode] = "disk_full"


class CapabilityError(OperationError):
    """The model cannot do that, or was not shown to have learnt it."""

    code: ClassVar[ErrorCode] = "not_capable"


class OutOfMemoryError(OperationError):
    """Memory of the machine or of the device ran out."""

    code: ClassVar[ErrorCode] = "out_of_memory"


class StaleTensorError(OperationError):
    """A tensor reference points to a slot that was freed or never written."""

    code: ClassVar[ErrorCode] = "stale_tensor"


class MessageTooLargeError(OperationError):
    """A line was longer than the limit and was discarded."""

    code: ClassVar[ErrorCode] = "message_too_large"


class CancelledError(OperationError):
    """The caller gave up."""

    code: ClassVar[ErrorCode] = "cancelled"


class ShuttingDownError(OperationError):
    """The process was told to end."""

    code: ClassVar[ErrorCode] = "shutting_down"


class NonFiniteResultError(OperationError):
    """A number of a result is NaN or infinite; JSON would turn it into null without a word."""

    code: ClassVar[ErrorCode] = "internal"
