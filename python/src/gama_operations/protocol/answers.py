"""Questions about clips, answered in words."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from gama_operations.protocol.audio import Audio
from gama_operations.protocol.errors import ClipFailure
from gama_operations.protocol.memory import MemoryUsage
from gama_operations.protocol.models import DType
from gama_operations.protocol.scalars import Seed

LongAudio = Literal["truncate", "error", "windows"]
"""What happens to a clip that is longer than the model's `window_seconds`: its beginning is heard, or it is
refused (`audio_too_long`), or it is heard in windows one after the other."""

Preset = Literal["official-inference", "official-single-audio"]
"""Sampling as the released scripts do it: `gama_inf.py` (temperature 0.1, top_p 0.95, top_k 500, repetition
penalty 1.1, 400 tokens), and `gama_inf_single_audio.py` (the same with top_k 50 and without a penalty)."""


class GenerationOptions(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How answers are written. Greedy, unless `do_sample` is set or a preset named.

    The seed samples by default; a comparison needs the same answer twice, so we do not. What is null is the
    preset's; without one the defaults below hold.
    """

    preset: Preset | None = None
    max_new_tokens: Annotated[int, Meta(ge=1, le=4096)] | None = None
    """Default 100."""
    do_sample: bool | None = None
    """Default false."""
    temperature: Annotated[float, Meta(ge=1e-3)] | None = None
    """Default 1."""
    top_p: Annotated[float, Meta(gt=0, le=1)] | None = None
    """Default 1."""
    top_k: Annotated[int, Meta(ge=0)] | None = None
    """Default 0: all tokens."""
    repetition_penalty: Annotated[float, Meta(ge=1e-3, le=1e3)] | None = None
    """Default 1."""
    seed: Seed = 0
    """Of every answer by itself: in a batch it draws as alone."""


class WindowAnswer(Struct, frozen=True, forbid_unknown_fields=True):
    """The answer about one window of a clip; seconds as in TimeSpan."""

    start: float
    end: float
    text: str
    tokens: int
    stop_reason: Literal["end", "length"]


class ProcessAudioData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `process_audio`: ask a model about one clip. Progress stage, of several windows:
    generate.

    A model that only transcribes writes what was said, as `transcribe` does by its defaults; it takes neither
    `prompt` nor `options` (`not_capable`), and its answer has `prompt` "" and a token for each character.
    """

    audio: Audio
    prompt: str | None = None
    """Default: the model's own request for a description."""
    model: str | None = None
    """Id of a loaded model, or a name that is loaded first; default `GAMA_MODEL_PATH`, else `gama-tiny`."""
    options: GenerationOptions = GenerationOptions()
    cache: bool = True
    """Use what the model kept of the same samples from an earlier question, and keep them for the next one;
    the answer is the same without."""
    long_audio: LongAudio = "truncate"


class ProcessAudioResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `process_audio`."""

    result: str
    """With long_audio `windows`: the answers about all windows, a line for each."""
    prompt: str
    tokens: int
    """Of all windows."""
    stop_reason: Literal["end", "length"]
    """`length`: at least one answer was cut off."""
    processing_time: float
    memory_usage: MemoryUsage
    model_id: str
    revision: str
    device: str
    dtype: DType
    seconds_heard: float
    seconds_given: float
    cached: bool
    """The audio was kept from an earlier question: only the answer was computed."""
    windows: list[WindowAnswer]
    """What was heard, and the answer about it: one window, or several with long_audio `windows`."""


class TextPart(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a streamed `process_audio`: text as it is written. The result that follows the last part has
    the whole of it.
    """

    indices: list[int]
    """The number of the piece, from 0. For `done`, should the process die: the next one writes the answer
    again, and sends what is new."""
    window: int
    """Of which window it is, from 0; joined, the pieces of a window are its answer."""
    text: str


class Question(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A question about one of the clips of `describe`."""

    audio: Annotated[int, Meta(ge=0)]
    """Place of the clip in `audios`."""
    prompt: str | None = None
    """As in `process_audio`."""


class DescribeData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `describe`: several questions, about one clip or about several, answered together.
    Progress stage: generate.
    """

    audios: Annotated[list[Audio], Meta(min_length=1)]
    questions: Annotated[list[Question], Meta(min_length=1)]
    model: str | None = None
    """As in `process_audio`, like what follows."""
    options: GenerationOptions = GenerationOptions()
    cache: bool = True
    disk: bool = False
    """Take the answers from the disk where the same call was made before, by any process, and keep those
    that are computed now. Whole calls, equal to the bit: nothing comes from the model's memory (`cache`)
    then. Not while a profile runs. GRYM_FEATURE_CACHE_MB bounds what is kept, together with features.

    Off by default: a question is asked again to see it answered, or timed. Studies set it."""
    long_audio: LongAudio = "truncate"


class Answer(Struct, frozen=True, forbid_unknown_fields=True):
    """The answer to one question; the fields are those of ProcessAudioResult."""

    text: str
    prompt: str
    tokens: int
    stop_reason: Literal["end", "length"]
    seconds_heard: float
    seconds_given: float
    cached: bool
    windows: list[WindowAnswer]


class DescribeResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `describe`: each answer is the one that its question gets alone."""

    answers: list[Answer | None]
    """In the order of the questions; null where the clip could not be used: `failures` says why."""
    from_disk: bool
    """All of it was computed before, by a call that was the same: nothing was computed now."""
    processing_time: float
    memory_usage: MemoryUsage
    model_id: str
    revision: str
    device: str
    dtype: DType
    failures: list[ClipFailure]
    """`index` is the clip's place in `audios`."""
