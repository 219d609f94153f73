"""Hidden states of clips."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from gama_operations.protocol.answers import LongAudio
from gama_operations.protocol.audio import Audio
from gama_operations.protocol.errors import ClipFailure
from gama_operations.protocol.memory import MemoryUsage
from gama_operations.protocol.models import DType
from gama_operations.protocol.scalars import TimeSpan
from gama_operations.protocol.tensors import Tensor

Pooling = Literal["mean", "mean_std", "none"]


class ExtractFeaturesData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `extract_features`: give `audio` or `audios`. Progress stage: encode."""

    audio: Audio | None = None
    audios: list[Audio] | None = None
    model: str | None = None
    layer: str | int | None = None
    """One of the model's `layers` by name, or by its place there (from the end where negative), or `all`:
    every one that is as wide as the default layer, a row each. Its `default_layer` when absent."""
    pooling: Pooling = "mean"
    """Over time: `mean`; `mean_std` (statistics pooling), mean and standard deviation; `none`: the frames."""
    batch_size: Annotated[int, Meta(ge=1)] = 16
    long_audio: LongAudio = "truncate"
    """`windows`: of one clip, pooled, a row for each of its windows."""
    window_seconds: Annotated[float, Meta(gt=0)] | None = None
    """Of `long_audio: windows`; at most, and by default, what the model hears at once."""
    hop_seconds: Annotated[float, Meta(ge=0.01)] | None = None
    """From where one window begins to where the next does: at most a window, which is the default. The last
    window is as long as what is left of the clip."""
    l2: bool = False
    """Scale each row to length 1, after pooling; each layer's, each frame's by itself. Zeros stay zeros."""
    cache: bool = False
    """Take features that were computed before from the disk, and keep those that are computed now. Not while
    a profile runs. GRYM_FEATURE_CACHE_MB bounds what is kept, together with answers."""
    composition: Literal["any", "same"] = "any"
    """Of the call that features come from. Which clips share a pass changes the last bits, as do batch size,
    threads and processor: with `same` features of `audios` come from the disk only where all of them do, from
    a call that was the same in all this, and are equal to the bit."""
    reply: Literal["tensor", "json"] | None = None
    """Default: a tensor where an arena is shared, otherwise JSON arrays."""


class ExtractFeaturesResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `extract_features`, with the rule by which it was made.

    `features`: `audio` gives [features] (pooled), [frames, features] (`pooling: none`), or
    [windows, features] (`long_audio: windows`); `audios` gives [clips, features]. `pooling: none` and
    `long_audio: windows` take one clip at a time. With layer `all` each row is [layers, features].
    """

    features: Tensor | list[Any]
    shape: list[int]
    layer: str
    """Its name, or `all`."""
    layers: list[str]
    """Names: the one, or with layer `all` those that were stacked, in order."""
    pooling: Pooling
    long_audio: LongAudio
    window_seconds: float | None
    """Of `long_audio: windows`; null where a clip went whole."""
    hop_seconds: float | None
    l2: bool
    processing_time: float
    memory_usage: MemoryUsage
    model_id: str
    revision: str
    device: str
    dtype: DType
    seconds_heard: list[float]
    """Per clip; `[]` where they came in parts."""
    seconds_given: list[float]
    clip_seconds: list[float]
    """Encoding time per clip (a batch's time divided by its clips); 0 for one from the cache."""
    cached: list[bool]
    """Per clip: its features were computed before; `[]` where they came in parts."""
    windows: list[TimeSpan]
    """What was heard of one clip, part by part; `[]` for `audios`."""
    failures: list[ClipFailure]


class FeaturesPart(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a streamed `extract_features`: some of the clips, those of like length together.

    Clips that cannot be used are in no part: the result that follows the last one names them. What the
    parts brought is not repeated there: its `features` and its lists per clip are `[]`.
    """

    indices: list[int]
    """Places of the clips in `audios`; the rows of the other lists. For `done`, should the process die."""
    features: Tensor | list[Any]
    """[clips, features]."""
    seconds_heard: list[float]
    seconds_given: list[float]
    clip_seconds: list[float]
    cached: list[bool]
