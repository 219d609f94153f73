"""The process itself: its state, its clients, its end."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from gama_operations.protocol.models import ModelDescription


class PingData(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `ping`."""


class PingResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `ping`; answered by the reader thread, also while a model computes."""

    status: Literal["ok"]
    device: str
    memory_available: int
    """Bytes that the machine can still give (on CUDA: free memory of the device)."""
    busy: bool
    queued: int


class StatusData(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `status`."""


class StatusResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `status`."""

    models: list[ModelDescription]
    device: str
    pid: int
    uptime: float
    resident_memory: int
    device_allocated: int | None
    """What torch holds on the CUDA devices, bytes; null without CUDA."""
    memory_available: int
    kept_bytes: int
    """What the models keep of audio for further questions, in the process or on the device; `free_memory`
    gives it back."""
    plane: Literal["shared_memory", "file", "json"]
    """How bulk data crosses."""
    requests: int
    versions: dict[str, str]


class ReleaseData(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `release`: result tensors that the client has copied out. Without an id, no answer."""

    generations: list[int]


class ReleaseResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `release`."""

    released: int


class AttachClientData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `attach_client`: a host lets one more client speak through its lines."""

    client: Annotated[int, Meta(ge=1)]
    """What its requests carry as `client`."""
    arena: str | None = None
    """Path of its input arena (`/proc/PID/fd/N`: the file has no name); absent: its tensors come inline."""
    reserve: str | None = None
    """Path of what it has in reserve, for what its input arena has no room for."""
    shares_output: bool = True
    """Whether it reads the output arena; otherwise its results come inline."""
    folder: str | None = None
    """Where its relative paths begin; absent: where the process was started."""


class AttachClientResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `attach_client`."""

    plane: Literal["shared_memory", "file", "json"]


class DetachClientData(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `detach_client`: a client is gone. What it asked is dropped, the running request is
    cancelled, and once that has ended its slots and profiles are freed.
    """

    client: Annotated[int, Meta(ge=1)]


class DetachClientResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `detach_client`."""

    released: int
    """Slots of the output arena that it had not released."""


class CancelData(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `cancel`: a running request stops at its next batch or token; one that is queued, or
    waits for credit, is dropped.
    """

    id: int | str


class CancelResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `cancel`."""

    state: Literal["queued", "running", "unknown"]


class UploadData(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `upload`: a piece of a tensor, in order, before the request that it belongs to.

    For tensors that are too long for a line, where no memory is shared. Without an id, no answer.
    """

    id: int | str
    """Of the request that will refer to it."""
    upload: int
    """Number of the tensor, chosen by the client."""
    base64: str


class UploadResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `upload`: bytes of the tensor that are there now."""

    bytes: int


class CreditData(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `credit`: the client takes `count` more parts of a stream. Without an id, no answer.

    A stream without credit lets other requests run. As any request before it, it holds up `shutdown`; the
    end of input cancels it.
    """

    id: int | str
    count: Annotated[int, Meta(ge=1)]


class CreditResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `credit`: whether there is that stream."""

    running: bool


class ShutdownData(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `shutdown`."""


class ShutdownResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `shutdown`: written before the process ends with code 0."""

    status: Literal["bye"]
