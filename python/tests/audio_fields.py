"""Where the headers of audio files keep their numbers, so that a test can make them lie.

WAV: Microsoft RIFF, mmreg.h. FLAC: RFC 9639 §8.2. Ogg: RFC 3533 §6. Vorbis I: §4.2.2. Opus: RFC 7845 §5.1.
MP3: ISO/IEC 11172-3 §2.4.1.3, and the Xing header as LAME writes it.
"""

from dataclasses import dataclass
from typing import Literal

OGG_HEADER = 27  # bytes of a page before its table of segments


@dataclass(frozen=True)
class Field:
    """A number in a file: `width` bits from bit `start` on."""

    name: str
    start: int
    width: int
    order: Literal["little", "big"]

    def read(self, data: bytes | bytearray) -> int:
        """The number that is there."""
        first, last, shift, mask = self._place()
        return int.from_bytes(data[first:last], self.order) >> shift & mask

    def write(self, data: bytearray, value: int) -> None:
        """Puts a number in; what does not fit is cut off at the top."""
        first, last, shift, mask = self._place()
        word = int.from_bytes(data[first:last], self.order) & ~(mask << shift)
        word |= (value & mask) << shift
        data[first:last] = word.to_bytes(last - first, self.order)

    def _place(self) -> tuple[int, int, int, int]:
        """First byte, the one after the last, and what stands below the number; its mask."""
        first, last = self.start // 8, -(-(self.start + self.width) // 8)
        shift = last * 8 - self.start - self.width if self.order == "big" else 0
        return first, last, shift, (1 << self.width) - 1


def fields(data: bytes) -> list[Field]:
    """The numbers in the headers of a whole file."""
    if data.startswith(b"RIFF"):
        return _wav(data)
    if data.startswith(b"fLaC"):
        return _flac()
    return _ogg(data) if data.startswith(b"OggS") else _mp3(data)


def _bytes(name: str, at: int, size: int, order: Literal["little", "big"] = "little") -> Field:
    return Field(name, at * 8, size * 8, order)


def _wav(data: bytes) -> list[Field]:
    at = data.index(b"fmt ") + 8
    found = [
        _bytes("RIFF size", 4, 4),
        _bytes("fmt size", at - 4, 4),
        _bytes("format tag", at, 2),
        _bytes("channels", at + 2, 2),
        _bytes("sample rate", at + 4, 4),
        _bytes("byte rate", at + 8, 4),
        _bytes("block align", at + 12, 2),
        _bytes("bits per sample", at + 14, 2),
        _bytes("extension", at + 16, 2),
        _bytes("samples per block", at + 18, 2),
        _bytes("data size", data.index(b"data") + 4, 4),
    ]
    if (fact := data.find(b"fact")) > 0:
        found += [_bytes("fact size", fact + 4, 4), _bytes("frames", fact + 8, 4)]
    return found


def _flac() -> list[Field]:
    return [
        Field("metadata length", 5 * 8, 24, "big"),
        Field("smallest block", 8 * 8, 16, "big"),
        Field("largest block", 10 * 8, 16, "big"),
        Field("sample rate", 18 * 8, 20, "big"),
        Field("channels", 18 * 8 + 20, 3, "big"),
        Field("bits per sample", 18 * 8 + 23, 5, "big"),
        Field("frames", 18 * 8 + 28, 36, "big"),
        Field("next metadata length", 43 * 8, 24, "big"),
    ]


def pages(data: bytes) -> list[int]:
    """Where the pages of an Ogg file begin."""
    found, at = [], data.find(b"OggS")
    while at >= 0:
        found.append(at)
        at = data.find(b"OggS", at + 4)
    return found


def _ogg(data: bytes) -> list[Field]:
    found = []
    for number, at in enumerate(pages(data)):
        found += [
            _bytes(f"page {number} flags", at + 5, 1),
            _bytes(f"page {number} granule position", at + 6, 8),
            _bytes(f"page {number} serial number", at + 14, 4),
            _bytes(f"page {number} sequence number", at + 18, 4),
            _bytes(f"page {number} segments", at + 26, 1),
            _bytes(f"page {number} first segment", at + OGG_HEADER, 1),
        ]
    if (at := data.find(b"OpusHead")) > 0:
        names = (("channels", 9, 1), ("pre-skip", 10, 2), ("sample rate", 12, 4), ("gain", 16, 2))
        return found + [_bytes(name, at + offset, size) for name, offset, size in names]
    at = data.index(b"\x01vorbis")
    names = (("version", 7, 4), ("channels", 11, 1), ("sample rate", 12, 4), ("block sizes", 28, 1))
    return found + [_bytes(name, at + offset, size) for name, offset, size in names]


def _mp3(data: bytes) -> list[Field]:
    found = []
    if data.startswith(b"ID3"):
        found.append(_bytes("ID3 size", 6, 4, "big"))
    for mark in (b"Xing", b"Info"):
        if (at := data.find(mark)) > 0:
            names = (("flags", 4), ("frames", 8), ("bytes", 12))
            found += [_bytes(name, at + offset, 4, "big") for name, offset in names]
            found.append(_bytes("delay and padding", at + 141, 3, "big"))
            found.append(_bytes("first frame header", at - 32, 4, "big"))
    middle = data.find(data[data.find(b"\xff") :][:2], len(data) // 2)
    return [*found, _bytes("a frame's header", max(0, middle), 4, "big")]
