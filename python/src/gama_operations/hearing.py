"""From the wire's audio to a waveform at the model's rate."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gama_operations.errors import InvalidRequestError
from gama_operations.protocol import Audio, AudioSource, Tensor
from gama_operations.tensors import CallTensors

if TYPE_CHECKING:  # libsndfile and numpy are not imported before `ready`
    from gama_operations.audio import Audio as DecodedAudio
    from gama_operations.models.surface import Waveform


@dataclass(frozen=True, slots=True)
class Heard:
    """One clip, ready for a model."""

    waveform: "Waveform"
    """[C, T] at the model's rate."""
    seconds: float
    """Length of what was given, after `offset` and `duration`."""


def hear(audio: Audio, sample_rate: int, tensors: CallTensors) -> Heard:
    """Decode, cut and resample one clip.

    Args:
        audio: A path, a plain array at the model's rate, or the full description.
        sample_rate: The model's rate, Hz.
        tensors: Where the samples lie when they came as a tensor.

    Raises:
        InvalidRequestError: not exactly one of path and samples, or a tensor without its rate.
        OperationError: what `audio.decode` and `audio.from_samples` raise.
    """
    from gama_operations.audio import resample

    decoded = decode_source(as_source(audio), tensors, sample_rate)
    return Heard(resample(decoded, sample_rate), decoded.seconds)


def as_source(audio: Audio) -> AudioSource:
    """The full description of a clip."""
    match audio:
        case str():
            return AudioSource(path=audio)
        case list():
            return AudioSource(samples=audio)
        case _:
            return audio


def decode_source(
    source: AudioSource, tensors: CallTensors, sample_rate: int | None = None
) -> "DecodedAudio":
    """Decode and cut one clip; it keeps its rate.

    Args:
        source: The clip.
        tensors: Where the samples lie when they came as a tensor.
        sample_rate: Rate of a plain array without its own, Hz.

    Raises:
        InvalidRequestError: not exactly one of path and samples, or samples without a rate.
        OperationError: what `audio.decode` and `audio.from_samples` raise.
    """
    from gama_operations.audio import decode

    if (source.path is None) == (source.samples is None):
        raise InvalidRequestError("Audio needs either `path` or `samples`, and not both.")
    if source.path is not None:
        return decode(source.path, offset=source.offset, duration=source.duration)
    return _from_samples(source, sample_rate, tensors)


def _from_samples(source: AudioSource, sample_rate: int | None, tensors: CallTensors) -> "DecodedAudio":
    import numpy as np

    from gama_operations.audio import from_samples
    from gama_operations.audio_limits import Part

    if isinstance(source.samples, Tensor):
        if source.sample_rate is None:
            raise InvalidRequestError("Audio as a tensor needs its `sample_rate`, in Hz.")
        # A copy: the client may write the next clip into the slot while a model still holds this one.
        samples = tensors.read(source.samples).copy()
    else:
        samples = np.array(source.samples, dtype=np.float32)
    if samples.ndim == 0:
        raise InvalidRequestError(
            "Expected samples of shape [samples] or [channels, samples], got one number"
        )
    rate = source.sample_rate or sample_rate
    if rate is None:
        raise InvalidRequestError("Samples without a model need their `sample_rate`, in Hz.")
    start, stop = Part(source.offset, source.duration).frames(rate)
    if 0 < samples.shape[-1] <= start:
        raise InvalidRequestError(
            f"Expected `offset` within the samples ({samples.shape[-1] / rate:.3f} s), got {source.offset} s"
        )
    return from_samples(samples[..., start:stop], rate)
