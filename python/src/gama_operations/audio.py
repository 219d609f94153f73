"""Audio in: a file or samples, checked, as float32 [C, T]; and resampling.

What happens to awkward audio:

    missing path, folder, pipe, no permission    AudioNotFoundError
    0 bytes, 0 samples, NaN or infinite samples  InvalidAudioError
    damaged, or shorter than its header says     InvalidAudioError; a part that is there can be asked for
    samples beyond 2^32, rates beyond 33.5 MHz   InvalidAudioError: bytes that were never sound
    longer than MAX_SECONDS or MAX_VALUES,       AudioTooLongError; a part can be asked for
    or once it is resampled
    not audio, or a format nobody here reads     UnsupportedFormatError
    offset beyond the end                        InvalidRequestError
    duration beyond the end                      heard to the end
    silence                                      allowed: zeros are a sound like any other
    samples beyond [-1, 1] in float audio        kept as they are: nothing is clipped or rescaled
    any rate, any number of channels             kept; models resample (`resample`) and make it mono, each in
                                                 its own way (GAMA: channel 0, the others: the mean)

A truncation is found where the format tells its length or its end: WAV, AIFF, FLAC, Ogg, MP3 with a length
header. A WAV or FLAC that was streamed does not tell: what is there is heard.
Shapes: C channels, T samples.
"""

import contextlib
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from gama_operations.audio_libsndfile import UnrecognisedError, read_with_libsndfile
from gama_operations.audio_limits import LOUDEST, MAX_CHANNELS, MAX_SAMPLE_RATE, Part, refuse_long
from gama_operations.audio_pyav import read_with_pyav
from gama_operations.errors import AudioNotFoundError, InvalidAudioError, InvalidRequestError

Waveform = NDArray[np.float32]
"""Shape [C, T]."""

RESAMPLING_QUALITY = "HQ"  # soxr's default: 20 bits, linear phase


@dataclass(frozen=True, slots=True)
class Audio:
    """Decoded audio at its own rate."""

    waveform: Waveform
    sample_rate: int

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.waveform.shape[1] / self.sample_rate


def decode(path: str | Path, *, offset: float = 0.0, duration: float | None = None) -> Audio:
    """Decodes a file, or a part of it: libsndfile (wav, flac, ogg, mp3, …), otherwise PyAV where installed.

    A relative path is relative to the process; `~` is not expanded. `offset` and `duration` in seconds.

    Raises:
        AudioNotFoundError: there is no readable file.
        InvalidAudioError: empty, damaged, truncated, or with samples that are not numbers.
        AudioTooLongError: longer than the limit.
        UnsupportedFormatError: no installed decoder reads it.
        InvalidRequestError: offset and duration are no part of the file.
    """
    part = Part(offset, duration)
    where = Path(path).absolute()
    descriptor = _open(where, given=str(path))
    try:
        if os.fstat(descriptor).st_size == 0:
            raise InvalidAudioError(f"{where} is empty (0 bytes)")
        try:
            waveform, rate = read_with_libsndfile(descriptor, part, where)
        except UnrecognisedError as error:
            waveform, rate = read_with_pyav(where, part, reason=str(error))
    finally:
        os.close(descriptor)
    return _checked(Audio(waveform, rate), str(where), part.offset)


def from_samples(samples: Sequence[Any] | NDArray[Any], sample_rate: int) -> Audio:
    """Audio from samples [T] or [C, T]: floats in [-1, 1], or an int16 array (PCM, divided by 32768).

    Raises:
        InvalidAudioError: no samples, samples that are not finite numbers or beyond LOUDEST, or not one of
            these shapes.
        InvalidRequestError: the rate is not a whole number of Hz from 1 to MAX_SAMPLE_RATE.
        AudioTooLongError: longer than the limit.
    """
    if not (1 <= sample_rate <= MAX_SAMPLE_RATE and float(sample_rate).is_integer()):
        raise InvalidRequestError(
            f"Expected `sample_rate` to be whole Hz from 1 to {MAX_SAMPLE_RATE}, got {sample_rate}"
        )
    waveform = np.atleast_2d(_float32(samples))
    if waveform.ndim != 2 or waveform.shape[0] > MAX_CHANNELS:
        raise InvalidAudioError(
            f"Expected samples of shape [samples] or [channels, samples], at most {MAX_CHANNELS} channels; "
            f"got {list(waveform.shape)}"
        )
    refuse_long(waveform.shape[1], max(1, waveform.shape[0]), int(sample_rate), "The samples")
    return _checked(Audio(waveform, int(sample_rate)), "The samples given", 0.0)


def resample(audio: Audio, sample_rate: int) -> Waveform:
    """Waveform [C, T'] at another rate by soxr, quality `HQ`; unchanged where the rate is the same.

    Raises:
        InvalidAudioError: too short for one sample at the new rate.
        AudioTooLongError: longer than the limit once resampled: a low rate makes hours of a few bytes.
    """
    if audio.sample_rate == sample_rate:
        return audio.waveform
    channels, samples = audio.waveform.shape
    refuse_long(samples * sample_rate // audio.sample_rate, channels, sample_rate, "The clip, resampled")
    resampled = soxr.resample(audio.waveform.T, audio.sample_rate, sample_rate, quality=RESAMPLING_QUALITY)
    if len(resampled) == 0:
        raise InvalidAudioError(
            f"{samples} sample(s) at {audio.sample_rate} Hz are less than one sample at {sample_rate} Hz"
        )
    return np.ascontiguousarray(resampled.T, dtype=np.float32)


def _open(where: Path, given: str) -> int:
    """A descriptor of a regular file; opening never blocks, not even on a pipe."""
    hint = " (`~` is not expanded)" if given.startswith("~") else ""
    try:
        descriptor = os.open(where, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError as error:
        raise AudioNotFoundError(f"There is no file {where}{hint}", path=str(where)) from error
    except PermissionError as error:
        message = f"{where} may not be read by this process: check its permissions and those of its folders"
        raise AudioNotFoundError(message, path=str(where)) from error
    except OSError as error:
        raise AudioNotFoundError(f"{where} cannot be opened: {error.strerror}", path=str(where)) from error
    except ValueError as error:  # a NUL byte, or text that is no file name
        raise AudioNotFoundError(f"{given!r} is not a path: {error}") from error
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    kind = "a folder: name a file in it" if stat.S_ISDIR(mode) else "not a regular file"
    raise AudioNotFoundError(f"{where} is {kind}", path=str(where))


def _checked(audio: Audio, where: str, offset: float) -> Audio:
    """The audio, if it holds samples, and all of them can be those of a sound."""
    if audio.sample_rate > MAX_SAMPLE_RATE:
        raise InvalidAudioError(
            f"{where} is damaged: its header says {audio.sample_rate} Hz; limit: {MAX_SAMPLE_RATE} Hz"
        )
    if audio.waveform.size == 0:
        raise InvalidAudioError(f"{where}: no samples")
    # both are NaN where a sample is, and no array of flags is needed for a clean clip
    if max(-audio.waveform.min(), audio.waveform.max()) <= LOUDEST:
        return audio
    wrong, words = ~np.isfinite(audio.waveform), "NaN or infinite"
    if not wrong.any():
        wrong, words = np.abs(audio.waveform) > LOUDEST, f"beyond {LOUDEST:.3g}"
    first = offset + int(wrong.any(axis=0).argmax()) / audio.sample_rate
    raise InvalidAudioError(
        f"{where}: {int(wrong.sum())} sample(s) {'are ' * words.startswith('NaN')}{words}, the first at "
        f"{first:.3f} s. Repair the clip or leave it out"
    )


def _float32(samples: Sequence[Any] | NDArray[Any]) -> NDArray[np.float32]:
    if isinstance(samples, np.ndarray):
        if samples.dtype == np.int16:
            return samples.astype(np.float32) / np.float32(32768)
        if samples.dtype.kind != "f":
            raise InvalidAudioError(f"Expected float samples in [-1, 1] or int16, got {samples.dtype}")
    # float64 beyond float32 becomes infinite, which the check of the samples reports
    with contextlib.suppress(TypeError, ValueError), np.errstate(over="ignore"):
        return np.ascontiguousarray(samples, dtype=np.float32)
    raise InvalidAudioError("Expected samples to be numbers, as many in each channel")
