"""Audio files that somebody or something has broken: each from its seed, the same on every run."""

import io
from dataclasses import dataclass

import numpy as np
import soundfile

from audio_fields import OGG_HEADER, fields, pages

SECONDS = 0.25
BASES = {
    "wav 16 bit": {"format": "WAV", "subtype": "PCM_16", "samplerate": 16_000, "channels": 1},
    "wav float": {"format": "WAV", "subtype": "FLOAT", "samplerate": 44_100, "channels": 2},
    "flac 16 bit": {"format": "FLAC", "subtype": "PCM_16", "samplerate": 16_000, "channels": 1},
    "ogg vorbis": {"format": "OGG", "subtype": "VORBIS", "samplerate": 16_000, "channels": 1},
    "mp3": {"format": "MP3", "subtype": "MPEG_LAYER_III", "samplerate": 16_000, "channels": 1},
    "wav 24 bit extensible": {"format": "WAVEX", "subtype": "PCM_24", "samplerate": 48_000, "channels": 6},
    "wav double": {"format": "WAV", "subtype": "DOUBLE", "samplerate": 16_000, "channels": 1},
    "flac 24 bit": {"format": "FLAC", "subtype": "PCM_24", "samplerate": 48_000, "channels": 2},
    "ogg opus": {"format": "OGG", "subtype": "OPUS", "samplerate": 48_000, "channels": 2},
    "mp3 of varying bitrate": {
        "format": "MP3",
        "subtype": "MPEG_LAYER_III",
        "samplerate": 44_100,
        "channels": 2,
        "bitrate_mode": "VARIABLE",
    },
    "wav 8 bit": {"format": "WAV", "subtype": "PCM_U8", "samplerate": 8_000, "channels": 1},
    "wav MS ADPCM": {"format": "WAV", "subtype": "MS_ADPCM", "samplerate": 16_000, "channels": 1},
    "wav IMA ADPCM": {"format": "WAV", "subtype": "IMA_ADPCM", "samplerate": 22_050, "channels": 2},
    "wav GSM": {"format": "WAV", "subtype": "GSM610", "samplerate": 8_000, "channels": 1},
    "wav mu-law": {"format": "WAV", "subtype": "ULAW", "samplerate": 8_000, "channels": 1},
}
EDGES = [0, 1, 2, 3, 7, 0x7F, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 2**20 - 1, 2**31 - 1, 2**31, 2**32 - 1]
WIDE_EDGES = [2**36 - 1, 2**40, 2**62, 2**63 - 1, 2**63, 2**64 - 1]
LENGTHS = [2**31 - 1, 2**31, 2**31 + 1, 2**32 - 1, 2**36 - 1, 2**62]
LENGTH_FIELDS = ("frames", "data size", "granule position", "bytes")
NO_NUMBERS = [np.nan, np.inf, -np.inf, 1e38, -1e38]


@dataclass(frozen=True)
class Mutated:
    """A broken file."""

    seed: int
    base: str
    what: str
    """What was done to it."""
    data: bytes

    def __str__(self) -> str:
        return f"seed {self.seed} ({self.base}: {self.what})"


def whole_file(base: str) -> bytes:
    """A short clip as libsndfile writes it, with a tag, since readers of tags break as well."""
    options = dict(BASES[base])
    rate, channels = options["samplerate"], options["channels"]
    rng = np.random.default_rng(len(base))
    samples = 0.1 * rng.standard_normal((round(SECONDS * rate), channels))
    samples += 0.3 * np.sin(2 * np.pi * 440 * np.arange(len(samples)) / rate)[:, None]
    with io.BytesIO() as file:
        with soundfile.SoundFile(file, "w", **options) as sound:
            sound.title = "a clip"
            sound.write(samples.astype(np.float32))
        data = bytearray(file.getvalue())
    for field in fields(bytes(data)):
        if field.name.endswith("serial number"):
            field.write(data, 1)  # libsndfile draws one for each file
    with_checksums(data)
    return bytes(data)


def mutated(seed: int, whole: dict[str, bytes]) -> Mutated:
    """The broken file of a seed, made of one of the whole ones."""
    rng = np.random.default_rng(seed)
    base = list(whole)[seed % len(whole)]
    data = bytearray(whole[base])
    # lies are what can hurt a reader most; everything else is what disks and networks do
    names = [str(name) for name in rng.choice(list(MUTATIONS), p=WEIGHTS, size=rng.choice([1, 1, 1, 2, 3]))]
    words = [MUTATIONS[name](rng, data, base, whole) if data else "nothing left" for name in names]
    if data.startswith(b"OggS") and rng.random() < 0.7:
        words.append(with_checksums(data))
    return Mutated(seed, base, ", ".join(words), bytes(data))


def _span(rng, data, longest):
    """A random part of the file: its first byte and the one after its last."""
    start = int(rng.integers(len(data)))
    return start, min(len(data), start + int(rng.integers(1, longest + 1)))


def _lie(rng, data, base, whole):
    """A number of the header says something else; it stands where it stood in the whole file."""
    known = _fields_left(data, whole[base])
    if not known:
        return "too short to lie"
    field = known[rng.integers(len(known))]
    edges = EDGES + WIDE_EDGES * (field.width > 32)
    chosen = int(rng.integers(2**16)) if rng.random() < 0.2 else edges[rng.integers(len(edges))]
    field.write(data, chosen)
    return f"{field.name} says {chosen}"


def _announce(rng, data, base, whole):
    """The header announces 2^31 samples, or more: what a reader allocates before it reads."""
    known = [field for field in _fields_left(data, whole[base]) if field.name.endswith(LENGTH_FIELDS)]
    if not known:
        return "too short to announce"
    field, length = known[rng.integers(len(known))], LENGTHS[rng.integers(len(LENGTHS))]
    field.write(data, length)
    return f"{field.name} announces {length}"


def _fields_left(data, whole):
    return [field for field in fields(whole) if field.start + field.width <= 8 * len(data)]


def _edge(rng, data, _base, _whole):
    size = int(rng.choice([1, 2, 4, 8]))
    at = int(rng.integers(max(1, min(len(data), 128) - size)))
    edges = [edge for edge in EDGES + WIDE_EDGES if edge < 256**size]
    chosen = edges[rng.integers(len(edges))]
    data[at : at + size] = chosen.to_bytes(size, str(rng.choice(["little", "big"])))
    return f"{chosen} at byte {at}"


def _flip(rng, data, _base, _whole):
    bits = rng.integers(8 * len(data), size=int(rng.integers(1, 33)))
    for bit in bits:
        data[bit // 8] ^= 1 << bit % 8
    return f"{len(bits)} bits flipped"


def _truncate(rng, data, _base, _whole):
    kept = int(rng.integers(len(data) + 1) if rng.random() < 0.7 else rng.integers(min(len(data), 128) + 1))
    del data[kept:]
    return f"cut to {kept} bytes"


def _overwrite(rng, data, _base, _whole):
    start, stop = _span(rng, data, longest=256)
    data[start:stop] = rng.bytes(stop - start)
    return f"random bytes {start} to {stop}"


def _blank(rng, data, _base, _whole):
    start, stop = _span(rng, data, longest=4096)
    data[start:stop] = bytes([int(rng.choice([0, 255]))]) * (stop - start)
    return f"bytes {start} to {stop} blank"


def _drop(rng, data, _base, _whole):
    start, stop = _span(rng, data, longest=2048)
    del data[start:stop]
    return f"bytes {start} to {stop} dropped"


def _repeat(rng, data, _base, _whole):
    start, stop = _span(rng, data, longest=4096)
    data[stop:stop] = data[start:stop] * int(rng.integers(1, 4))
    return f"bytes {start} to {stop} repeated"


def _insert(rng, data, _base, _whole):
    start, size = int(rng.integers(len(data))), int(rng.integers(1, 512))
    data[start:start] = rng.bytes(size)
    return f"{size} random bytes before byte {start}"


def _graft(rng, data, _base, whole):
    """The head of one format on the body of another."""
    name = list(whole)[rng.integers(len(whole))]
    head = int(rng.integers(4, 256))
    data[:head] = whole[name][:head]
    return f"the first {head} bytes of {name}"


def _noise(rng, data, _base, _whole):
    head = int(rng.choice([0, 4, 12, 44]))
    data[head:] = rng.bytes(int(rng.integers(1, 8192)))
    return f"only noise after byte {head}"


def _no_numbers(rng, data, _base, _whole):
    """NaN, infinity and the largest floats, of 4 or 8 bytes, where the samples are (or tags, or codes)."""
    kind = str(rng.choice(["<f4", "<f8"]))
    values = np.array(rng.choice(NO_NUMBERS, size=int(rng.integers(1, 9))), dtype=kind).tobytes()
    at = int(rng.integers(len(data) // 8 + 1)) * 8
    data[at : at + len(values)] = values
    return f"{kind} NaN or infinity at byte {at}"


MUTATIONS = {
    "lie": _lie,
    "announce": _announce,
    "edge": _edge,
    "flip": _flip,
    "truncate": _truncate,
    "overwrite": _overwrite,
    "blank": _blank,
    "drop": _drop,
    "repeat": _repeat,
    "insert": _insert,
    "graft": _graft,
    "noise": _noise,
    "no numbers": _no_numbers,
}
WEIGHTS = [0.24, 0.1, *[0.06] * 11]


def with_checksums(data: bytearray) -> str:
    """Makes the checksum of each Ogg page right again, or every change would only lose the page."""
    for at in pages(bytes(data)):
        segments = data[at + OGG_HEADER : at + OGG_HEADER + data[at + 26]] if at + 26 < len(data) else b""
        end = at + OGG_HEADER + len(segments) + sum(segments)
        if end <= len(data) and segments:
            data[at + 22 : at + 26] = bytes(4)
            data[at + 22 : at + 26] = _ogg_checksum(bytes(data[at:end])).to_bytes(4, "little")
    return "checksums right"


def _table() -> list[int]:
    table = []
    for byte in range(256):
        word = byte << 24
        for _ in range(8):
            word = (word << 1 ^ (0x04C11DB7 if word & 0x80000000 else 0)) & 0xFFFFFFFF
        table.append(word)
    return table


_CHECKSUMS = _table()


def _ogg_checksum(page: bytes) -> int:
    """CRC-32 of RFC 3533: polynomial 0x04c11db7, not reflected, begins with 0 (zlib's is reflected)."""
    word = 0
    for byte in page:
        word = (word << 8 & 0xFFFFFFFF) ^ _CHECKSUMS[word >> 24 ^ byte]
    return word
