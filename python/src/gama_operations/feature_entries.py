"""Features of a clip as an entry of the cache: a header in JSON, then the numbers."""

from typing import TYPE_CHECKING

import msgspec

from gama_operations.protocol import TimeSpan

if TYPE_CHECKING:  # numpy is not imported before `ready`
    import numpy as np
    from numpy.typing import NDArray


class Entry(msgspec.Struct, frozen=True):
    """What is known of a clip."""

    features: "NDArray[np.float32]"
    seconds_heard: float
    seconds_given: float
    windows: list[TimeSpan]
    """Of a clip that was heard in windows; else the one span, or none for a clip among many."""


class _Header(msgspec.Struct, frozen=True):
    shape: list[int]
    seconds_heard: float
    seconds_given: float
    windows: list[TimeSpan]


def encode(entry: Entry) -> bytes:
    """The bytes of an entry."""
    header = msgspec.json.encode(
        _Header(list(entry.features.shape), entry.seconds_heard, entry.seconds_given, entry.windows)
    )
    return len(header).to_bytes(4, "little") + header + entry.features.astype("<f4").tobytes()


def decode(content: bytes) -> Entry:
    """What `encode` was given."""
    import numpy as np

    size = int.from_bytes(content[:4], "little")
    header = msgspec.json.decode(content[4 : 4 + size], type=_Header)
    features = np.frombuffer(content[4 + size :], "<f4").reshape(header.shape).astype(np.float32)
    return Entry(features, header.seconds_heard, header.seconds_given, header.windows)
