"""Pictures in outputs."""

import base64
import struct


def png_size(data: str) -> str:
    """`WIDTHxHEIGHT` in pixels of a PNG in base64 (its IHDR chunk; PNG, third edition, 11.2.1)."""
    width, height = struct.unpack(">II", base64.b64decode(data[:64])[16:24])
    return f"{width}x{height}"
