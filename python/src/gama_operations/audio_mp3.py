"""How long an MP3 says it is, and how long it is.

libsndfile takes the length from the Xing, Info or VBRI header in the first frame. Without one it multiplies:
right for a constant bitrate, and far off (and the end never decoded) for a varying one.
Frame header: ISO/IEC 11172-3 §2.4.1.3 and 13818-3 §2.4.2.3.
"""

from pathlib import Path

_BITRATES = {  # kbit/s of layer III by the header's index
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),  # MPEG-1
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),  # MPEG-2 and 2.5
}
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def _frame(header: bytes) -> tuple[int, int] | None:
    """Bytes and samples of the frame that a 4-byte header opens; None when it opens none."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:  # sync word, layer III
        return None
    version, bitrate, rate = header[1] >> 3 & 3, header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or rate == 3 or bitrate in (0, 15):
        return None
    samples = 1152 if version == 3 else 576
    bits = _BITRATES[1 if version == 3 else 2][bitrate] * 1000
    return samples * bits // 8 // _RATES[version][rate] + (header[2] >> 1 & 1), samples


def _first_frame(data: bytes) -> int:
    """Position after the ID3v2 tags, whose size is four 7-bit bytes without the 10 of its header."""
    at = 0
    while data[at : at + 3] == b"ID3" and len(data) >= at + 10:
        size = data[at + 6 : at + 10]
        at += 10 + (size[0] << 21 | size[1] << 14 | size[2] << 7 | size[3])
    return at


def counted_samples(path: Path) -> int | None:
    """Samples of an MP3 without a length header, counted frame by frame; None where it has one.

    Counting stops at the first bytes that are no frame (a tag at the end, damage).
    """
    data = path.read_bytes()
    at = _first_frame(data)
    if any(mark in data[at : at + 512] for mark in (b"Xing", b"Info", b"VBRI")):
        return None
    total = 0
    while (frame := _frame(data[at : at + 4])) is not None and at + frame[0] <= len(data):
        at += frame[0]
        total += frame[1]
    return total
