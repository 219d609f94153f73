"""Audio through libsndfile, with the truncations that it passes over in silence.

Shapes: C channels, T samples.
"""

import math
import re
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from gama_operations.audio_limits import Part, most_frames, refuse_long
from gama_operations.audio_mp3 import counted_samples
from gama_operations.audio_ogg import ogg_is_complete
from gama_operations.errors import InvalidAudioError

BLOCK = 2**18  # frames decoded at once

_UNKNOWN_LENGTH = 2**62  # a FLAC stream whose header gives no number of samples
_STREAMED_WAV = 0x7FFF0000  # writers to a pipe cannot go back, and leave a size near 2^31 or 2^32
_UNRECOGNISED = (1, 4, 18)  # unrecognised format, unsupported encoding, unimplemented format
_MP3_SLACK = 2 * 1152  # samples: encoder delay and one frame of doubt


class UnrecognisedError(Exception):
    """libsndfile does not read this format; another decoder may."""


def read_with_libsndfile(descriptor: int, part: Part, where: Path) -> tuple[NDArray[np.float32], int]:
    """The part of an open file: waveform [C, T] and its rate in Hz.

    Raises:
        UnrecognisedError: not a format of libsndfile.
        InvalidAudioError: damaged, truncated, or without samples.
        AudioTooLongError: longer than the limit.
        InvalidRequestError: the part begins after the end.
    """
    try:
        sound = _ForwardFile(descriptor, closefd=False)
    except soundfile.LibsndfileError as error:
        if error.code in _UNRECOGNISED:
            raise UnrecognisedError(_words(error)) from error
        raise InvalidAudioError(f"{where} is damaged: {_words(error)}") from error
    with sound:
        return _read(sound, part, where), sound.samplerate


class _ForwardFile(soundfile.SoundFile):
    """Reads on without the seek that soundfile makes after every block.

    That seek fails at the end of a FLAC of unknown length, and disturbs MPEG frames, which lean on the ones
    before them.
    """

    def seekable(self) -> bool:
        return False


def _read(sound: soundfile.SoundFile, part: Part, where: Path) -> NDArray[np.float32]:
    rate, channels = sound.samplerate, sound.channels
    said, exact = _frames_said(sound, where)
    start, stop = part.frames(rate)
    if said is not None:
        if said == 0:
            raise InvalidAudioError(f"{where} holds no samples")
        if start >= said:
            raise part.beyond_end(said / rate, where)
        stop = said if stop is None else min(stop, said)
        refuse_long(stop - start, channels, rate, str(where))
    if stop is not None and stop == said and sound.format == "OGG" and not ogg_is_complete(where):
        raise InvalidAudioError(
            f"{where} is truncated: its last page is missing, {said / rate:.3f} s are there. "
            f"Restore the file, or ask for the part that is there with `duration`"
        )
    capacity = min(stop - start if stop is not None else math.inf, most_frames(channels, rate) + 1)
    waveform, got = _fill(sound, start, int(capacity), where)
    refuse_long(got, channels, rate, str(where))
    if said is not None and exact and got < capacity:
        raise InvalidAudioError(
            f"{where} is truncated: its header says {said / rate:.3f} s, {(start + got) / rate:.3f} s are "
            f"there. Restore the file, or ask for the part that is there with `duration`"
        )
    if got == 0:
        raise InvalidAudioError(f"{where} holds no samples from {part.offset} s on")
    return waveform if got == waveform.shape[1] else waveform[:, :got].copy()


def _fill(
    sound: soundfile.SoundFile, start: int, capacity: int, where: Path
) -> tuple[NDArray[np.float32], int]:
    """Reads up to `capacity` frames from `start` on: the waveform [C, capacity] and how many are real."""
    waveform = np.empty((sound.channels, capacity), dtype=np.float32)
    got = 0
    try:
        _skip(sound, start, where)
        while got < capacity:
            block = sound.read(min(BLOCK, capacity - got), dtype="float32", always_2d=True)
            if len(block) == 0:
                break
            waveform[:, got : got + len(block)] = block.T
            got += len(block)
    except soundfile.LibsndfileError as error:
        at = (start + got) / sound.samplerate
        raise InvalidAudioError(
            f"{where} is damaged or truncated, some time after {at:.3f} s: {_words(error)}"
        ) from error
    return waveform, got


def _skip(sound: soundfile.SoundFile, frames: int, where: Path) -> None:
    """Goes to a frame; where seeking fails, by decoding what stands before it."""
    if frames == 0:
        return
    # an MP3's frames lean on the ones before them, and some codecs (GSM) cannot seek
    if sound.format != "MP3" and soundfile.SoundFile.seekable(sound):
        if sound.format == "OGG":
            _refuse_undecodable(where)
        sound.seek(min(frames, sound.frames))
        return
    while frames > 0:
        skipped = len(sound.read(min(BLOCK, frames), dtype="float32", always_2d=True))
        if skipped == 0:
            return
        frames -= skipped


def _refuse_undecodable(where: Path) -> None:
    """Refuses a Vorbis stream whose codebooks cannot be read: libsndfile 1.2.2 crashes when it seeks there.

    Opened anew, since libsndfile goes to a wrong sample when it has read before it seeks.
    """
    with _ForwardFile(where) as sound:
        if len(sound.read(1)) == 0:
            raise InvalidAudioError(f"{where} is damaged: none of its samples can be decoded")


def _frames_said(sound: soundfile.SoundFile, where: Path) -> tuple[int | None, bool]:
    """Frames that the header promises (None where it does not say), and whether that is more than a guess."""
    if sound.frames >= _UNKNOWN_LENGTH:
        return None, False
    if sound.format == "MP3":
        counted = counted_samples(where)
        if counted is not None and counted > sound.frames + _MP3_SLACK:
            raise InvalidAudioError(
                f"{where} is an MP3 of varying bitrate without a length header: of its "
                f"{counted / sound.samplerate:.3f} s only {sound.frames / sound.samplerate:.3f} s would be "
                f"heard. Convert it to FLAC or WAV, for example with `ffmpeg -i in.mp3 out.flac`"
            )
        return sound.frames, counted is None
    return _frames_in_header(sound), True


def _frames_in_header(sound: soundfile.SoundFile) -> int:
    """Frames that a WAV or AIFF header promises.

    libsndfile shortens the number to what the file holds, and tells it in its log only:
    `data : 64000 (should be 31978)`.
    """
    found = re.search(r"(?:data|SSND)\s*:\s*(\d+) \(should be (\d+)\)", sound.extra_info)
    if found is None:
        return sound.frames
    promised, present = int(found[1]), int(found[2])
    if promised <= present or promised >= _STREAMED_WAV:
        return sound.frames
    frame_bytes = present / sound.frames if sound.frames else promised
    return sound.frames + math.floor((promised - present) / frame_bytes)


def _words(error: soundfile.LibsndfileError) -> str:
    return f"libsndfile says: {error.error_string.strip().rstrip('.')}"
