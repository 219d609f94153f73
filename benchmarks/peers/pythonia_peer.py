"""What pythonia calls. Samples come as base64: it has no bytes, and gives lists back element by element."""

import json
import zlib
from base64 import b64decode, b64encode

import numpy as np


def small(value: int, _label: str) -> int:
    """The next number."""
    return value + 1


def summarise(text: str, checked: bool) -> str:
    """What arrived, as JSON: a dict would be a proxy, and each of its values a round trip."""
    samples = np.frombuffer(b64decode(text), np.float32)
    summary = {
        "count": samples.size,
        "first": float(samples[0]),
        "last": float(samples[-1]),
        "checksum": zlib.crc32(samples) if checked else None,
    }
    return json.dumps(summary)


def echo(text: str) -> str:
    """The same samples again."""
    return b64encode(np.frombuffer(b64decode(text), np.float32)).decode()
