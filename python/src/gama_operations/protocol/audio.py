"""Clips as they are given, and what is known of them before any model hears them."""

from typing import Annotated

from msgspec import Meta, Struct

from gama_operations.protocol.errors import ClipFailure
from gama_operations.protocol.memory import MemoryUsage
from gama_operations.protocol.tensors import Tensor


class AudioSource(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One piece of audio: a file or samples, and which part of it."""

    path: str | None = None
    """A file that libsndfile reads (wav, flac, ogg, mp3), or PyAV where it is installed."""
    samples: list[float] | Tensor | None = None
    """Float samples in [-1, 1]: shape [samples] or [channels, samples]."""
    sample_rate: Annotated[int, Meta(ge=1)] | None = None
    """Rate of `samples` in Hz; needed with a tensor, the model's own rate for a plain array."""
    offset: Annotated[float, Meta(ge=0)] = 0.0
    """Start, in seconds."""
    duration: Annotated[float, Meta(gt=0)] | None = None
    """Length in seconds; to the end when absent."""


Audio = str | list[float] | AudioSource
"""The seed's forms (a path, a plain array at the model's rate), or the full description."""


class InspectAudioData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `inspect_audio`: what is there to be heard? Progress stage: inspect."""

    audios: list[Audio]
    """Samples need their `sample_rate`: there is no model whose rate they could have."""
    duration: Annotated[float, Meta(gt=0)] | None = None
    """The digest is of so many seconds from the beginning; of the whole clip when absent, or shorter."""


class InspectedClip(Struct, frozen=True, forbid_unknown_fields=True):
    """One clip as it was decoded, before any model resamples it or makes it mono."""

    seconds: float
    """Of the whole clip."""
    sample_rate: int
    """Hz."""
    channels: int
    digest: str
    """blake2b of 32 bytes, hexadecimal: of the rate and the channels as text (`16000 1`, one line), then of
    each channel's samples, float32, little-endian. The same sound in another container has the same one."""


class InspectAudioResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `inspect_audio`."""

    clips: list[InspectedClip | None]
    """null: that clip is among the failures; all of them may be."""
    failures: list[ClipFailure]
    processing_time: float
    memory_usage: MemoryUsage
