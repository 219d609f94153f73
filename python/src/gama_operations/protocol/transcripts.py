"""Speech as text."""

from typing import Annotated

from msgspec import Meta, Struct

from gama_operations.protocol.answers import LongAudio
from gama_operations.protocol.audio import Audio
from gama_operations.protocol.errors import ClipFailure
from gama_operations.protocol.memory import MemoryUsage
from gama_operations.protocol.models import DType
from gama_operations.protocol.scalars import TimeSpan


class TranscribeData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `transcribe`: what was said in each clip, by a model with a CTC head (capability
    `transcribe`), decoded greedily. Progress stage: transcribe.
    """

    audios: Annotated[list[Audio], Meta(min_length=1)]
    model: str | None = None
    """As in `process_audio`."""
    long_audio: LongAudio = "windows"
    """Of a clip longer than `window_seconds`. `windows` hears all of it: windows overlap by two contexts,
    each frame is taken from the middle of one, and the frames, joined, are decoded as one row: a word at a
    seam is written once."""
    window_seconds: Annotated[float, Meta(gt=0, le=600)] = 30.0
    context_seconds: Annotated[float, Meta(ge=0, le=300)] = 5.0
    """What is heard on either side of a seam and not taken there."""


class WordSpan(Struct, frozen=True, forbid_unknown_fields=True):
    """A word and when it was said, in seconds from where what was given begins: from the first frame of its
    first character to the last frame of its last one.
    """

    text: str
    start: float
    end: float
    confidence: float
    """exp of the mean, over the frames of the word (blanks within included), of the log-probability of the
    best symbol: 0 to 1, to rank by; not calibrated."""


class ClipTranscript(Struct, frozen=True, forbid_unknown_fields=True):
    """What was said in one clip."""

    text: str
    """The words, a space between each two."""
    words: list[WordSpan]
    seconds_heard: float
    seconds_given: float
    windows: list[TimeSpan]
    """What went through the model together; several overlap."""


class TranscribeResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `transcribe`: each clip as it is transcribed alone."""

    clips: list[ClipTranscript | None]
    """null for a clip that could not be used: `failures` says why."""
    frame_seconds: float
    """From one frame to the next: words begin and end on frames."""
    long_audio: LongAudio
    window_seconds: float
    context_seconds: float
    processing_time: float
    memory_usage: MemoryUsage
    model_id: str
    revision: str
    device: str
    dtype: DType
    failures: list[ClipFailure]
