"""Where the bytes of audio and features are."""

from typing import Literal

from msgspec import Struct, field

TensorType = Literal[
    "float16",
    "float32",
    "float64",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
]


class TensorReference(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a tensor's bytes are: little-endian, C order."""

    dtype: TensorType
    shape: list[int]
    offset: int | None = None
    """Byte offset into the sender's arena, a multiple of 64; absent when the bytes are inline."""
    generation: int = 0
    """Generation of the slot, as it stands in the 64 bytes before `offset` (64 bits, little-endian; 0 when
    free); a reference to a slot that was freed is `stale_tensor`."""
    base64: str | None = None
    """The bytes themselves, where no arena is shared."""
    upload: int | None = None
    """Number of a tensor of this request that came before it in pieces, by `upload`."""
    reserve: bool = False
    """Whether it lies in the sender's reserve arena: a file, for what shared memory has no room for."""


class Tensor(Struct, frozen=True, forbid_unknown_fields=True):
    """A tensor inside any JSON value, as `{"$t": {...}}`."""

    reference: TensorReference = field(name="$t")
