"""Audio that libsndfile does not read (m4a, webm, video, …), through PyAV where it is installed."""

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gama_operations.audio_limits import Part, refuse_long
from gama_operations.errors import InvalidAudioError, UnsupportedFormatError

INSTALL = ".venv/bin/pip install av"


def read_with_pyav(path: Path, part: Part, *, reason: str) -> tuple[NDArray[np.float32], int]:
    """The first audio stream of a file: waveform [C, T] and its rate in Hz.

    Decoding starts at the beginning also for a part of the file: compressed streams seek to a packet,
    not to a sample.

    Args:
        path: an existing file.
        part: which part of it.
        reason: why libsndfile did not read it; stands in the message.

    Raises:
        UnsupportedFormatError: PyAV is not installed, or finds no audio in the file either.
        InvalidAudioError: the stream is damaged, or without samples.
        AudioTooLongError: longer than the limit.
        InvalidRequestError: the part begins after the end.
    """
    try:
        import av  # pyright: ignore[reportMissingImports] # optional: installed by who needs it
    except ImportError as error:
        raise UnsupportedFormatError(
            f"{path} is not in a format that this installation reads ({reason}). If it is audio of "
            f"another kind (m4a, webm, video, …): `{INSTALL}`, then try again; or convert it to WAV or FLAC",
            install=INSTALL,
        ) from error
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise UnsupportedFormatError(f"{path} holds no audio that PyAV finds ({reason})")
            return _read(av, container, part, path)
    except av.FFmpegError as error:
        message = f"{path} is not audio that PyAV reads: {error.strerror} ({reason})"
        raise UnsupportedFormatError(message) from error


def _read(av: Any, container: Any, part: Part, path: Path) -> tuple[NDArray[np.float32], int]:
    stream = container.streams.audio[0]
    rate, channels = int(stream.rate), int(stream.channels)
    start, stop = part.frames(rate)
    planar_float = av.AudioResampler(format="fltp")
    blocks: list[NDArray[np.float32]] = []
    seen = 0
    try:
        for decoded in container.decode(stream):
            for frame in planar_float.resample(decoded):
                block: NDArray[np.float32] = frame.to_ndarray()  # (C, samples)
                first, last = max(0, start - seen), min(block.shape[1], (stop or math.inf) - seen)
                seen += block.shape[1]
                if first < last:
                    blocks.append(block[:, int(first) : int(last)])
            refuse_long(min(seen, stop or seen) - start, channels, rate, str(path))
            if stop is not None and seen >= stop:
                break
    except av.FFmpegError as error:
        raise InvalidAudioError(f"{path} is damaged after {seen / rate:.3f} s: {error.strerror}") from error
    if seen == 0:
        raise InvalidAudioError(f"{path} holds no samples")
    if not blocks:
        raise part.beyond_end(seen / rate, path)
    return np.concatenate(blocks, axis=1), rate
