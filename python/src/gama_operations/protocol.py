"""The wire, written once: every type that crosses between Node and Python.

One line of UTF-8 JSON is one message:

    request   {"id": 1, "operation": "ping", "data": {}}
    response  {"id": 1, "result": {...}}  or  {"id": 1, "error": {...}}
    event     {"event": "ready" | "progress" | "part" | "log", "id": 1?, "data": {...}}

Audio and features travel beside the lines, as `Tensor` references into shared memory
(`arena.py`); a client without shared memory sends and gets plain JSON arrays.
`npm run protocol` turns this file, docstrings included, into `sdk/bridge/protocol.gen.ts`.
Units: seconds and bytes, unless the name says otherwise. It is one file, and a long one, so that
the whole protocol can be read from top to bottom.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

PROTOCOL_VERSION = 2
MAX_LINE_BYTES = 64 * 1024 * 1024
"""Longest line that either side reads; bulk data goes beside the lines."""

Capability = Literal["embed", "describe", "score", "transcribe"]
DType = Literal["float32", "bfloat16", "float16"]
Pooling = Literal["mean", "mean_std", "none"]
Weights = Literal["trained", "random"]
LongAudio = Literal["truncate", "error", "windows"]
"""What happens to a clip that is longer than the model's `window_seconds`: its beginning is heard, or it is
refused (`audio_too_long`), or it is heard in windows one after the other."""
Preset = Literal["official-inference", "official-single-audio"]
"""Sampling as the released scripts do it: `gama_inf.py` (temperature 0.1, top_p 0.95, top_k 500, repetition
penalty 1.1, 400 tokens), and `gama_inf_single_audio.py` (the same with top_k 50 and without a penalty)."""
Attention = Literal["eager", "sdpa", "flash_attention_2"]
"""How transformers computes attention; `flash_attention_2` needs CUDA and its package."""
Quantization = Literal["none", "8bit", "4bit"]
Claim = Literal["superior", "not worse", "equivalent"]
"""What is claimed of arm a against arm b before a study runs."""
VerdictWord = Literal["better", "worse", "equivalent", "not worse", "undecided"]
Family = Literal["primary", "exploratory"]
"""Holm's correction for the primary comparisons, Benjamini and Hochberg's for those not declared."""
PeakSource = Literal["high_water_mark", "sampled", "lifetime_peak"]
"""How a peak was measured: the kernel's mark reset per phase, the highest sample, or since the start."""
TensorType = Literal[
    "float16",
    "float32",
    "float64",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
]
Seed = Annotated[int, Meta(ge=0, le=2**32 - 2)]  # torch, numpy and scikit-learn all take these
ErrorCode = Literal[
    "invalid_request",
    "unknown_operation",
    "invalid_audio",
    "audio_not_found",
    "audio_too_long",
    "unsupported_format",
    "model_not_found",
    "model_invalid",
    "model_gated",
    "hub_unreachable",
    "disk_full",
    "not_capable",
    "out_of_memory",
    "stale_tensor",
    "message_too_large",
    "cancelled",
    "shutting_down",
    "internal",
]


class TensorReference(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a tensor's bytes are: little-endian, C order."""

    dtype: TensorType
    shape: list[int]
    offset: int | None = None
    """Byte offset into the sender's arena, a multiple of 64; absent when the bytes are inline."""
    generation: int = 0
    """Generation of the slot, as it stands in the 64 bytes before `offset` (64 bits, little-endian; 0 when
    free); a reference to a slot that was freed is `stale_tensor`."""
    base64: str | None = None
    """The bytes themselves, where no arena is shared."""
    upload: int | None = None
    """Number of a tensor of this request that came before it in pieces, by `upload`."""
    reserve: bool = False
    """Whether it lies in the sender's reserve arena: a file, for what shared memory has no room for."""


class Tensor(Struct, frozen=True, forbid_unknown_fields=True):
    """A tensor inside any JSON value, as `{"$t": {...}}`."""

    reference: TensorReference = field(name="$t")


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


class MemoryPhase(Struct, frozen=True, forbid_unknown_fields=True):
    """Memory of one phase of an operation (load, decode, frontend, encode, generate, probe)."""

    phase: str
    seconds: float
    start: int
    """Resident memory when the phase began, bytes; of several, when the one with the highest peak began."""
    peak: int
    """Highest resident memory in the phase, bytes."""
    anonymous: int
    """Anonymous resident memory at the end of the phase, bytes."""
    file_mapped: int
    """File-mapped resident memory at the end of the phase (mapped weights count here), bytes."""
    device_peak: int | None
    """Most that torch allocated in the phase, summed over CUDA devices, bytes; null without CUDA."""


class MemoryUsage(Struct, frozen=True, forbid_unknown_fields=True):
    """The seed's MemoryTracker fields, with the exact peak of each phase."""

    start_memory: int
    peak_memory: int
    end_memory: int
    used_memory: int
    """peak_memory - start_memory."""
    peak_source: PeakSource
    phases: list[MemoryPhase]


class MemorySpan(Struct, frozen=True, forbid_unknown_fields=True):
    """One phase of one operation while a profile ran; bytes, and seconds since the profile began."""

    operation: str
    phase: str
    depth: int
    """0: not inside another phase."""
    began: float
    seconds: float
    start: int
    """Resident memory when it began."""
    peak: int
    """Highest resident memory in it."""
    end: int
    anonymous: int
    """Of `end`: anonymous memory."""
    file_mapped: int
    """Of `end`: pages of mapped files (weights count here)."""
    shared: int
    """Of `end`: shared memory (the arenas)."""
    device_peak: int | None
    """Most that torch allocated in it, summed over CUDA devices; null without CUDA."""


class MemoryTimeline(Struct, frozen=True, forbid_unknown_fields=True):
    """Samples of resident memory, bytes, one column each; between two samples memory may have been higher."""

    interval: float
    """Seconds between samples; grows with the length of the profile, so that their number stays bounded."""
    seconds: list[float]
    """Since the profile began."""
    anonymous: list[int]
    file_mapped: list[int]
    shared: list[int]
    device_allocated: list[int | None]
    """What torch holds on CUDA devices; null while CUDA is not in use."""


class ModelDescription(Struct, frozen=True, forbid_unknown_fields=True):
    """A loaded model."""

    model_id: str
    revision: str
    family: Literal[
        "gama", "wav2vec2", "statistics", "ast", "clap", "whisper", "qwen2-audio", "audio-flamingo-3"
    ]
    weights: Weights
    device: str
    dtype: DType
    sample_rate: int
    window_seconds: float | None
    """The model hears at most this much of a clip; null when it hears all."""
    seconds_per_pass: float | None
    """Most audio in one forward pass, after padding; a larger batch is split. null: it goes whole."""
    embedding_dim: int
    """Of the default layer; another one may be of another width."""
    layers: list[str]
    default_layer: str
    capabilities: list[Capability]
    parameters: int
    offers: list[str]
    """Kinds of question that the model was shown to have learnt; empty where nobody measured."""
    extras: list[str]
    """Names in the weights' files that no part of the model uses."""
    notes: list[str]
    """What loading found out of the ordinary, a sentence each: merged LoRA, replaced tensors, ..."""
    attention: Attention | None
    """How the language model, or the encoder, computes it; null for a baseline, which has none."""
    quantization: Quantization
    """Of the language model."""


class PingData(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `ping`."""


class PingResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `ping`; answered by the reader thread, also while a model computes."""

    status: Literal["ok"]
    device: str
    memory_available: int
    """Bytes that the machine can still give (on CUDA: free memory of the device)."""
    busy: bool
    queued: int


class LoadModelData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `load_model`."""

    model: str
    """A shipped name (`gama-tiny`, `wav2vec2-tiny`), a baseline (`fbank`, `mfcc-20`), or a folder."""
    device: str | None = None
    """`cpu`, `cuda`, `cuda:1`; default `GRYM_DEVICE`, else `GAMA_DEVICE`, else CUDA where there is one."""
    dtype: DType | None = None
    """Of the weights; default float32, for GAMA what `GAMA_QUANTIZATION` names."""
    weights: Weights = "trained"
    """`random`: the same architecture, freshly initialised from `seed`; a baseline."""
    seed: Seed = 0
    attention: Attention | None = None
    """Of the language model, or of the encoder; default what transformers chooses (`sdpa`)."""
    quantization: Quantization | None = None
    """Of GAMA's language model, through bitsandbytes on CUDA (untested there: no such machine has run it);
    default what `GAMA_QUANTIZATION` names. Elsewhere `not_capable`."""


class LoadModelResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `load_model`. Progress stages: import, read, build."""

    model: ModelDescription
    processing_time: float
    memory_usage: MemoryUsage


class UnloadModelData(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `unload_model`."""

    model_id: str


class UnloadModelResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `unload_model`."""

    unloaded: bool
    """False when no such model was loaded."""
    memory_usage: MemoryUsage


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


class TimeSpan(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a clip, in seconds from where what was given begins."""

    start: float
    end: float


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


class ClipFailure(Struct, frozen=True, forbid_unknown_fields=True):
    """A clip of a batch that could not be used; its row of features is NaN (null in JSON)."""

    index: int
    code: ErrorCode
    message: str


class DescribeResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `describe`: each answer is the one that its question gets alone."""

    answers: list[Answer | None]
    """In the order of the questions; null where the clip could not be used: `failures` says why."""
    processing_time: float
    memory_usage: MemoryUsage
    model_id: str
    revision: str
    device: str
    dtype: DType
    failures: list[ClipFailure]
    """`index` is the clip's place in `audios`."""


class ScoreData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `score`: how likely is each candidate as the answer about a clip? Progress stage:
    score.
    """

    audios: Annotated[list[Audio], Meta(min_length=1)]
    candidates: Annotated[list[str], Meta(min_length=1)]
    prompt: str | None = None
    """Default: the model's own request for a description."""
    model: str | None = None
    """As in `process_audio`."""
    end: bool = True
    """Whether it counts that the answer ends with the candidate. Without, one that begins another one is
    always the likelier of the two."""
    cache: bool = True
    """As in `process_audio`."""
    long_audio: Literal["truncate", "error"] = "truncate"
    """As in `process_audio`; a clip has one row of scores, so there are no windows."""


class ClipScores(Struct, frozen=True, forbid_unknown_fields=True):
    """Of one clip, per candidate."""

    log_probabilities: list[float]
    """Natural logarithm: the sum over the candidate's tokens."""
    mean_log_probabilities: list[float]
    """The same by token: for candidates of which some are longer than others."""
    seconds_heard: float
    seconds_given: float
    cached: bool
    """As in `process_audio`."""


class ScoreResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `score`."""

    clips: list[ClipScores | None]
    """null for a clip that could not be used: `failures` says why."""
    candidates: list[str]
    tokens: list[int]
    """Per candidate, with the end of the answer where it counts."""
    prompt: str
    processing_time: float
    memory_usage: MemoryUsage
    model_id: str
    revision: str
    device: str
    dtype: DType
    failures: list[ClipFailure]


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
    a profile runs. GRYM_FEATURE_CACHE_MB bounds what is kept."""
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


class Interval(Struct, frozen=True, forbid_unknown_fields=True):
    """A confidence interval."""

    low: float
    high: float
    level: float
    method: str
    """For example `cluster jackknife, t(23)`."""


class ProbeData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `probe`: can the label be read off the features, on sources never seen?"""

    features: Tensor | list[list[float | list[float | None]]]
    """[clips, features]; for `layers` [clips, layers, features]; for `attention` [clips, frames, features],
    where frames beyond the end of a clip are NaN (null in JSON)."""
    labels: list[str]
    groups: list[str]
    """Source of each clip (preset, voice, speaker): no source stands in training and test fold at once."""
    kind: Literal["linear", "knn", "mlp", "layers", "attention"]
    """`mlp` is a network of one hidden layer. `layers` learns a weight for each layer (softmax), `attention`
    one for each frame (softmax of a learnt query), with a linear classifier, and on the training fold alone.
    """
    folds: Annotated[int, Meta(ge=2)] = 5
    fold: list[int] | None = None
    """Of each clip, from 0, where a benchmark has its own; a clip of -1 trains always and is never judged."""
    seed: Seed = 0


class ProbeResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `probe`. Same labels, groups, folds and seed give the same folds for every model."""

    accuracy: float
    interval: Interval | None
    reason: str | None
    """Why there is no interval."""
    correct: list[bool]
    """Per clip, when it was in the test fold."""
    predictions: list[str]
    fold: list[int]
    settings: list[str]
    """Per fold: what was chosen inside the training fold, for example `alpha=10`."""
    inner: list[float]
    """Per fold: accuracy on source-disjoint folds of its training clips, by which one may choose."""
    parameters: int
    """Numbers that were fitted, in the largest fold; 0 for `knn`."""
    layer_weights: list[list[float]] | None
    """Of `layers`: per fold, the weight of each layer; they sum to 1."""
    majority: float
    """Accuracy of always saying the training fold's most frequent label."""
    sources: int
    processing_time: float
    memory_usage: MemoryUsage


class FewShotData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `few_shot`: how much can be read off the features with a handful of examples?"""

    features: Tensor | list[list[float | None]]
    """[clips, features]; a row with NaN (null in JSON) is a failed clip."""
    labels: list[str]
    groups: list[str]
    """Source of each clip: examples come from other sources than the clips that they are judged by."""
    per_label: Annotated[int, Meta(ge=1)] = 8
    draws: Annotated[int, Meta(ge=1, le=1000)] = 10
    folds: Annotated[int, Meta(ge=2)] = 5
    fold: list[int] | None = None
    """As for `probe`; a clip of -1 may be an example and is never judged."""
    seed: Seed = 0


class FewShotResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `few_shot`. Same labels, groups, folds and seed give the same examples for every model."""

    accuracy: float
    interval: Interval | None
    """By source; without the variance of the draws, which `draws` shows."""
    reason: str | None
    share: list[float]
    """Per clip: share of the draws after which it is right; 0 for one that is not judged."""
    draws: list[float]
    """Accuracy of each draw."""
    fold: list[int]
    notes: list[str]
    """Labels with too few clips, failed clips."""
    sources: int
    processing_time: float
    memory_usage: MemoryUsage


class ProbeTagsData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `probe_tags`: can each of several labels be read off the features?"""

    features: Tensor | list[list[float]]
    """[clips, features]; a row with NaN is a failed clip."""
    tags: list[list[str]]
    """Of each clip; it may have none."""
    groups: list[str]
    folds: Annotated[int, Meta(ge=2)] = 5
    fold: list[int] | None = None
    """As for `probe`; a clip of -1 only trains."""
    seed: Seed = 0


class ProbeTagsResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `probe_tags`."""

    names: list[str]
    """The tags, sorted."""
    scores: Tensor
    """[clips, tags]; NaN for clips that only train; failed clips stand below all others."""
    ap: list[float | None]
    """Average precision of each tag over the judged clips; null where none has it."""
    mean_ap: float
    """Macro mean: mAP."""
    fold: list[int]
    settings: list[str]
    sources: int
    processing_time: float
    memory_usage: MemoryUsage


class RetrieveData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `retrieve`: are the nearest clips of other sources of the same label?"""

    features: Tensor | list[list[float | None]]
    """[clips, features]; a row with NaN (null in JSON), or of zeros only, is a failed clip."""
    labels: list[str]
    groups: list[str]
    """Source of each clip: a query's own source is not in its gallery."""
    ks: list[int]


class RetrieveResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `retrieve`: by cosine, nothing is fitted; of equal cosines other labels come first."""

    ks: list[int]
    recall: list[float]
    """Per k: share of the queries that have their label among the nearest k."""
    mean_ap: float
    hits: list[list[bool]]
    """[clips, ks]."""
    ap: list[float]
    """Average precision of each clip's ranking."""
    asked: list[bool]
    """False where no other source has the label: such a clip counts nowhere."""
    failed: int
    processing_time: float
    memory_usage: MemoryUsage


class CompareData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `compare`: outcomes of two arms on the same clips."""

    a: list[float]
    b: list[float]
    groups: list[str]
    level: Annotated[float, Meta(gt=0, lt=1)] = 0.95
    permutations: Annotated[int, Meta(ge=1, le=1_000_000)] = 9999
    seed: Seed = 0


class CompareResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `compare`: difference of means a - b, by source."""

    difference: float
    interval: Interval | None
    reason: str | None
    p_value: float | None
    """Sign-flip permutation of whole sources, two-sided; null below 10 sources."""
    test: str | None
    mean_a: float
    mean_b: float
    only_a: int
    """Clips where a is better."""
    only_b: int
    clips: int
    sources: int
    processing_time: float
    memory_usage: MemoryUsage


class ObservedClips(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="clips"):
    """One number per clip and arm (right or wrong, a score); their means are compared."""

    a: list[float]
    b: list[float]


class ObservedAnswers(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="answers"):
    """One label per clip and arm; macro-F1 is compared."""

    truth: list[str]
    a: list[str]
    b: list[str]


class ObservedWordErrors(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="word errors"
):
    """Edits and true words per clip; their ratio, the word error rate, is compared. Lower is better."""

    a: list[float]
    b: list[float]
    words: list[float]


class ObservedTags(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="tags"):
    """Scores [clips, tags] of each arm; mean average precision is compared."""

    tags: Tensor | list[list[bool]]
    """[clips, tags]: whether the clip has the tag; a tensor of any type, where other than 0 is true."""
    a: Tensor | list[list[float]]
    b: Tensor | list[list[float]]


class ObservedClusters(
    Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="kind", tag="clusters"
):
    """A cluster per clip and arm; its agreement with the labels is compared."""

    labels: list[str]
    a: list[int]
    b: list[int]
    measure: Literal["v_measure", "ari", "ami"] = "v_measure"


Observed = ObservedClips | ObservedAnswers | ObservedWordErrors | ObservedTags | ObservedClusters
"""What was seen of two arms on the same clips; its kind says which metric is compared."""


class JudgedComparison(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Two arms on the same clips, and what was claimed before the run."""

    a: str
    b: str
    task: str
    metric: str
    groups: list[str]
    """Source of each clip."""
    observed: Observed
    family: Family = "exploratory"
    claim: Claim | None = None
    margin: float | None = None
    """In the metric's own unit (.02 is two points); `not worse` and `equivalent` need it."""


class JudgeData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `judge`: all comparisons of a study at once. Progress stages: judge, leave out sources,
    swap sources, resample sources.
    """

    comparisons: list[JudgedComparison]
    level: Annotated[float, Meta(gt=0, lt=1)] = 0.95
    """Of the intervals."""
    alpha: Annotated[float, Meta(gt=0, lt=0.5)] = 0.05
    permutations: Annotated[int, Meta(ge=1, le=1_000_000)] = 9999
    """Most flips that are enumerated or drawn."""
    resamples: Annotated[int, Meta(ge=1, le=1_000_000)] = 9999
    """Of bootstraps."""
    seed: Seed = 0


class VerdictBeside(Struct, frozen=True, forbid_unknown_fields=True):
    """Other ways to look at a comparison; the word is not theirs. null where one does not apply."""

    jackknife: Interval | None
    bootstrap: Interval | None
    """By source, expanded percentiles."""
    bca: Interval | None
    """By clip, where sources have one."""
    by_clip: Interval | None
    """As if clips were independent: too narrow where sources have several that are alike."""
    mcnemar_exact: float | None
    """By clip, right and wrong outcomes."""
    mcnemar_mid_p: float | None
    wilcoxon: float | None
    """Signed ranks of the sources' means."""
    effect_size: float | None
    """d_z over the sources' means."""
    icc: float | None
    """How alike the differences of one source are, 0 to 1."""


class Verdict(Struct, frozen=True, forbid_unknown_fields=True):
    """One comparison, judged among the others of its family."""

    a: str
    b: str
    task: str
    metric: str
    family: Family
    word: VerdictWord
    supports: list[VerdictWord]
    """All words that hold: better by less than the margin is equivalent and not worse as well."""
    claim: Claim | None
    shown: bool | None
    """Whether the claim was shown; null without one."""
    sentence: str
    difference: float
    """a - b; where lower is better, more than 0 is bad for a."""
    score_a: float
    score_b: float
    lower_is_better: bool
    interval: Interval | None
    """By source; null below 10 of them."""
    margin_interval: Interval | None
    """At 1 - 2 alpha: what equivalence and non-inferiority are read off; null without a margin."""
    reason: str | None
    """Why there is no interval or test, or what weakens the word."""
    test: str | None
    p: float | None
    p_adjusted: float | None
    p_not_worse: float | None
    """Adjusted, of the null hypothesis "worse by the margin or more"; null without a margin."""
    p_not_better: float | None
    adjusted_by: str
    could_have_seen: float | None
    """Smallest difference that such a study finds in eight of ten cases."""
    margin: float | None
    clips: int
    sources: int
    only_a: int | None
    """Clips where a is the better arm; null for metrics without an outcome per clip."""
    only_b: int | None
    is_identical: bool
    """Whether the arms said the same on every clip."""
    beside: VerdictBeside


class JudgeResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `judge`: the verdicts repeat to the bit, in the order of the comparisons."""

    verdicts: list[Verdict]
    seconds: list[float]
    """What each took."""
    processing_time: float
    memory_usage: MemoryUsage


class PilotOutcomes(Struct, frozen=True, forbid_unknown_fields=True):
    """Outcomes of two arms on the first clips, for `power`."""

    a: list[float]
    b: list[float]
    groups: list[str]


class PowerData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `power`: which difference can such a data set resolve?"""

    sizes: list[Annotated[int, Meta(ge=1)]]
    """Clips of each source."""
    discordances: list[float] | None = None
    """Assumed shares of clips on which exactly one arm is right; by default the pilot's, else .1, .2, .3."""
    correlations: list[float] | None = None
    """Assumed likeness of the clips of one source, 0 to 1; by default the pilot's, else 0, .1, .33."""
    margin: float | None = None
    """A difference to ask about, in (0, 1)."""
    alpha: float = 0.05
    power: float = 0.8
    pilot: PilotOutcomes | None = None
    """Looked at blind to the sign: it spends none of the test's alpha."""


class PowerRow(Struct, frozen=True, forbid_unknown_fields=True):
    """One assumption about the arms, and what can be seen under it."""

    discordance: float
    correlation: float
    resolves: float | None
    """Smallest difference found with the asked power; null: not even the largest possible one."""
    power_at_margin: float | None
    sources_needed: int | None
    """Sources like these that find the margin; null where none was asked about, or no number of them does."""


class PowerPilot(Struct, frozen=True, forbid_unknown_fields=True):
    """What the first clips say about the arms, without saying which is better."""

    discordance: float
    correlation: float | None
    """null where no source has two clips that differ."""
    clips: int


class PowerResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `power`: a row for each discordance and correlation."""

    clips: int
    sources: int
    alpha: float
    power: float
    margin: float | None
    rows: list[PowerRow]
    method: str
    reason: str | None
    """Why there are no rows."""
    pilot: PowerPilot | None
    processing_time: float
    memory_usage: MemoryUsage


class AnytimeData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `anytime`: a run that is looked at after every source, in an order drawn before it."""

    sums: list[float]
    """Per finished source, the sum of its clips' differences a - b, each between -1 and 1."""
    sizes: list[Annotated[int, Meta(ge=1)]]
    """Per finished source, its clips."""
    largest: Annotated[int, Meta(ge=1)]
    """Clips of the largest source of the whole data set."""
    alpha: float = 0.05
    """Chance of ever seeing a difference that is not there."""
    right_or_wrong: bool = False
    """Whether outcomes are 0 or 1."""


class AnytimeResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `anytime`, after each source."""

    e: list[float]
    """Evidence of a difference: where there is none, it reaches 1 / alpha with a chance of alpha at most."""
    low: list[float]
    """Confidence sequence of the mean difference."""
    high: list[float]
    rejected_at: int | None
    """Sources after which e first reached 1 / alpha: the run may stop there."""
    method: str
    processing_time: float
    memory_usage: MemoryUsage


class CostMeasurement(Struct, frozen=True, forbid_unknown_fields=True):
    """One measured number. Void ones are left out before."""

    metric: str
    unit: Literal["block", "process"]
    """What counts as one observation: a block of calls, or a process."""
    phase: Literal["aa", "ab"]
    """An arm against itself, or against the other."""
    arm: Literal["a", "b"]
    """In the phase `aa`, the two processes of one arm."""
    process: int
    """Number of the pair of processes."""
    block: int
    """Number of the block within its processes; 0 for the unit `process`."""
    value: float
    """Above 0, in the metric's own unit."""
    seconds: float
    """Since the run began."""


class JudgeCostData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `judge_cost`: all cost metrics of two arms at once."""

    measurements: list[CostMeasurement]
    a: str
    b: str
    level: Annotated[float, Meta(gt=0, lt=1)] = 0.95
    alpha: Annotated[float, Meta(gt=0, lt=1)] = 0.05


class CostRatio(Struct, frozen=True, forbid_unknown_fields=True):
    """What one arm or process costs over another: 2 is twice as much."""

    ratio: float
    interval: Interval | None
    reason: str | None
    """Why there is no interval."""
    p_value: float
    test: str
    units: int
    """Blocks, or processes of both arms."""


class CostQuantile(Struct, frozen=True, forbid_unknown_fields=True):
    """A quantile of the calls of one arm."""

    at: float
    value: float
    low: float
    high: float | None
    """null where so few calls cannot bound it."""
    calls: int


class CostDrift(Struct, frozen=True, forbid_unknown_fields=True):
    """Change of the logarithm over the run: .05 is five percent from the first call to the last."""

    change: float
    low: float
    high: float


class CostVerdict(Struct, frozen=True, forbid_unknown_fields=True):
    """One cost metric of arm a against arm b."""

    metric: str
    unit: Literal["block", "process"]
    word: Literal["higher", "lower", "undecided"]
    sentence: str
    ratio: float
    interval: Interval | None
    reason: str | None
    test: str
    p: float
    p_adjusted: float
    floor: float | None
    """Farthest ratio from 1 that two processes of one arm may have, above 1; null without an A/A run."""
    noise: CostRatio | None
    """Of the A/A run."""
    units: int
    median_a: float
    median_b: float
    quantiles_a: list[CostQuantile]
    """Of single calls; empty for the unit `process`."""
    quantiles_b: list[CostQuantile]
    drift_a: CostDrift | None
    drift_b: CostDrift | None


class JudgeCostResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `judge_cost`: the metrics in the order in which they first occur."""

    verdicts: list[CostVerdict]
    processing_time: float
    memory_usage: MemoryUsage


class ClusterData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `cluster`: groups in features, with the evidence for them. Progress stages:
    reduce, cluster, evidence, map.
    """

    features: Tensor | list[list[float]]
    """[clips, features]; a row with NaN is a failed clip and is left out."""
    method: Literal["hdbscan", "kmeans"] = "hdbscan"
    reduction: Literal["spectral", "pca", "none"] = "spectral"
    dimensions: Annotated[int, Meta(ge=1, le=256)] = 10
    """Of the reduction."""
    clusters: Annotated[int, Meta(ge=2)] | None = None
    """k of k-means, which needs it; HDBSCAN finds the number itself."""
    min_cluster_size: Annotated[int, Meta(ge=2)] = 10
    min_samples: Annotated[int, Meta(ge=1)] = 3
    labels: list[str] | None = None
    """Known classes, for the agreement; they never enter the clustering."""
    groups: list[str] | None = None
    """Source of each clip: labels are permuted by whole sources where each source has one label."""
    map: bool = True
    """Also place the clips in two dimensions, for display only."""
    evidence: bool = True
    """Also measure stability, against features without structure."""
    draws: Annotated[int, Meta(ge=2, le=1000)] = 10
    """Bootstrap draws per stability."""
    nulls: Annotated[int, Meta(ge=1, le=1000)] = 19
    """Data sets without structure, of each kind, that stability is held against."""
    seed: Seed = 0


class ClusterAgreement(Struct, frozen=True, forbid_unknown_fields=True):
    """Agreement with labels; noise counts as one cluster of its own."""

    ami: float
    """Adjusted mutual information: 0 by chance, 1 the same partition."""
    ari: float
    """Adjusted Rand index."""
    v_measure: float
    """Harmonic mean of the next two; not adjusted for chance, it grows with the number of clusters."""
    homogeneity: float
    """1 where each cluster has one label."""
    completeness: float
    """1 where each label lies in one cluster."""
    permuted_ami: list[float]
    """The same for permuted labels, one per permutation."""
    permuted_ari: list[float]
    permuted: Literal["sources", "clips"]
    """What was permuted."""
    p_value: float
    """Share of label permutations (and the labels themselves) with as high an AMI."""


class ClusterStability(Struct, frozen=True, forbid_unknown_fields=True):
    """Does the same come out again, and more so than of features without structure?"""

    bootstrap: float
    """Mean ARI, on shared clips, between the clustering of a bootstrap draw and that of all clips."""
    seeds: float
    """Mean ARI between the clusterings of all clips with other seeds and this one."""
    permuted_columns: list[float]
    """`bootstrap` of the same features with each column permuted by itself, one per null data set."""
    gaussian: list[float]
    """`bootstrap` of Gaussian noise with the features' own covariance: one blob, no clusters."""
    p_value: float
    """Share of null data sets (and the features themselves) as stable, of the harder of the two kinds."""
    verdict: Literal["structure", "no structure"]
    """`structure`: more than one blob would show, which a bent or skewed cloud is, too."""
    reason: str
    """The verdict in one sentence, with its numbers."""


class ClusterResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `cluster`."""

    assignments: list[int | None]
    """Per clip: its cluster (0 is the largest), -1 for noise, null for a clip that was left out."""
    clusters: int
    sizes: list[int]
    noise_share: float
    left_out: int
    map: list[list[float] | None] | None
    """[clips, 2]: t-SNE, seeded; distances in it mean little, and nothing is computed from it."""
    trustworthiness: float | None
    """Of the map, in [0, 1]: whether neighbours in it are neighbours in the features (Venna & Kaski 2001)."""
    agreement: ClusterAgreement | None
    """null without labels, or where all are the same."""
    stability: ClusterStability | None
    """null without `evidence`."""
    settings: str
    """What was done, in words, with the versions that it depends on."""
    processing_time: float
    memory_usage: MemoryUsage


class StoredModel(Struct, frozen=True, forbid_unknown_fields=True):
    """A model of the store: fetched from the hub, or added from a folder."""

    name: str
    """What `load_model` takes."""
    state: Literal["whole", "unfinished", "damaged"]
    """`unfinished`: its download goes on when asked for again; `damaged`: its manifest cannot be read."""
    folder: str
    family: str | None
    """`model_type` of its config.json."""
    capabilities: list[Capability]
    """Of models of that type, before one is loaded; empty where they cannot be loaded here."""
    source: str
    """`hub:owner/name`, or the folder that was added."""
    revision: str | None
    """12 hex digits: of the commit, or of the hashes of what was added."""
    size: int
    """Bytes of its files in the store."""
    linked_size: int
    """Bytes of its files that lie in the folder that was added."""
    files: int


class DownloadModelData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `download_model`. A download that was cut off goes on where it ended.

    The token is the hub's own (`HF_TOKEN`, `hf auth login`), and never crosses the wire.
    """

    repo: str
    """`owner/name`; a Space as `spaces/owner/name`."""
    revision: str | None = None
    """Branch, tag or commit; the default branch when absent. The commit behind it is pinned."""
    name: str | None = None
    """What it is called here; by default as the repository, without its owner."""
    files: list[str] = []
    """Shell patterns of the files to fetch; by default config, weights, tokenizer and licence."""


class DownloadModelResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `download_model`. Progress stages: list, download, hash (bytes), convert (files)."""

    model: StoredModel


class AddModelData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `add_model`: the folder's files are linked, its pickles converted to safetensors."""

    folder: str
    """Has a config.json and weights; or a base and a stage checkpoint of GAMA, somewhere below."""
    name: str | None = None
    """What it is called here; by default as the folder."""
    base: str | None = None
    """Folder of the language model, where the folder has several or none: relative to it, or absolute."""
    checkpoint: str | None = None
    """The stage checkpoint, in the same way."""


class AddModelResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `add_model`. Progress stages: hash (bytes), convert (files), compose."""

    model: StoredModel


class VerifyModelData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `verify_model`."""

    name: str
    hashes: bool = True
    """Read every file and compare its SHA-256; otherwise sizes, headers, names and shapes only."""


class VerifyModelResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `verify_model`. Progress stages: hash (bytes), structure."""

    model: StoredModel
    problems: list[str]
    """What is wrong, where, and what to do; empty when nothing is."""
    bytes_read: int
    tensors: int
    """In the safetensors files; 0 where a problem stood before."""
    structure: str | None
    """What names and shapes make, in words; null where a problem stood before, or the family is unknown."""


class ListModelsData(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `list_models`."""


class ListModelsResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `list_models`."""

    folder: str
    """The store: `GRYM_CACHE/models`, by default `~/.cache/grym-synth/models`."""
    models: list[StoredModel]
    """By name."""
    free: int
    """Bytes that are free there."""


class RemoveModelData(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `remove_model`: a model of the store, or what an unfinished download has left."""

    name: str


class RemoveModelResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `remove_model`; what the model only linked to is still there."""

    freed: int
    """Bytes."""


class StartProfileData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `start_profile`: from now on every phase of every operation is written down."""

    interval: Annotated[float, Meta(ge=0.001, le=60)] = 0.01
    """Seconds between samples of the timeline."""


class StartProfileResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `start_profile`."""

    profile: int
    pid: int


class StopProfileData(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `stop_profile`."""

    profile: int


class StopProfileResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `stop_profile`: memory of this process from start to stop, bytes."""

    seconds: float
    start_memory: int
    peak_memory: int
    end_memory: int
    used_memory: int
    """peak_memory - start_memory."""
    peak_source: PeakSource
    peak_outside: int
    """Highest resident memory outside of all phases (between operations, around phases)."""
    spans: list[MemorySpan]
    """In the order of their beginning."""
    timeline: MemoryTimeline


class FreeMemoryData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `free_memory`: give back what the process holds and does not need, also what models keep
    of audio for further questions.
    """

    models: list[str] = []
    """Ids of models to unload as well."""


class FreeMemoryResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `free_memory`; `memory_usage` has the memory before (start) and after (end)."""

    unloaded: list[str]
    anonymous: int
    """What stays, bytes: anonymous memory (Python, libraries, models still loaded)."""
    file_mapped: int
    """What stays of mapped files (libraries, mapped weights)."""
    shared: int
    """What stays of shared memory (the arenas)."""
    memory_usage: MemoryUsage


class StatusData(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `status`."""


class StatusResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `status`."""

    models: list[ModelDescription]
    device: str
    pid: int
    uptime: float
    resident_memory: int
    device_allocated: int | None
    """What torch holds on the CUDA devices, bytes; null without CUDA."""
    memory_available: int
    kept_bytes: int
    """What the models keep of audio for further questions, in the process or on the device; `free_memory`
    gives it back."""
    plane: Literal["shared_memory", "file", "json"]
    """How bulk data crosses."""
    requests: int
    versions: dict[str, str]


class ReleaseData(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `release`: result tensors that the client has copied out. Without an id, no answer."""

    generations: list[int]


class ReleaseResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `release`."""

    released: int


class AttachClientData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `attach_client`: a host lets one more client speak through its lines."""

    client: Annotated[int, Meta(ge=1)]
    """What its requests carry as `client`."""
    arena: str | None = None
    """Path of its input arena (`/proc/PID/fd/N`: the file has no name); absent: its tensors come inline."""
    reserve: str | None = None
    """Path of what it has in reserve, for what its input arena has no room for."""
    shares_output: bool = True
    """Whether it reads the output arena; otherwise its results come inline."""
    folder: str | None = None
    """Where its relative paths begin; absent: where the process was started."""


class AttachClientResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `attach_client`."""

    plane: Literal["shared_memory", "file", "json"]


class DetachClientData(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `detach_client`: a client is gone. What it asked is dropped, the running request is
    cancelled, and once that has ended its slots and profiles are freed.
    """

    client: Annotated[int, Meta(ge=1)]


class DetachClientResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `detach_client`."""

    released: int
    """Slots of the output arena that it had not released."""


class CancelData(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `cancel`: a running request stops at its next batch or token; one that is queued, or
    waits for credit, is dropped.
    """

    id: int | str


class CancelResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `cancel`."""

    state: Literal["queued", "running", "unknown"]


class UploadData(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `upload`: a piece of a tensor, in order, before the request that it belongs to.

    For tensors that are too long for a line, where no memory is shared. Without an id, no answer.
    """

    id: int | str
    """Of the request that will refer to it."""
    upload: int
    """Number of the tensor, chosen by the client."""
    base64: str


class UploadResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `upload`: bytes of the tensor that are there now."""

    bytes: int


class CreditData(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `credit`: the client takes `count` more parts of a stream. Without an id, no answer.

    A stream without credit lets other requests run. As any request before it, it holds up `shutdown`; the
    end of input cancels it.
    """

    id: int | str
    count: Annotated[int, Meta(ge=1)]


class CreditResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `credit`: whether there is that stream."""

    running: bool


class ShutdownData(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `shutdown`."""


class ShutdownResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `shutdown`: written before the process ends with code 0."""

    status: Literal["bye"]


class TracebackFrame(Struct, frozen=True, forbid_unknown_fields=True):
    """One frame of a Python traceback, outermost first."""

    file: str
    line: int
    function: str


class WireError(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An error that crossed the wire."""

    code: ErrorCode
    message: str
    type: str
    """Python class of the error."""
    traceback: str = ""
    """The Python traceback as text, at most 16 kB."""
    details: dict[str, Any] = {}


class Ready(Struct, frozen=True, forbid_unknown_fields=True):
    """Data of the event `ready`: the first line, before torch is imported."""

    protocol: int
    pid: int
    python: str
    operations: list[str]
    arena: bool


class Progress(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Data of the event `progress`."""

    stage: str
    done: float
    total: float
    unit: str = ""
    message: str = ""


LogLevel = Literal["debug", "info", "warning", "error"]


class Log(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Data of the event `log`: a record of Python's `logging`, or a remark of the wire itself."""

    level: LogLevel
    message: str
    logger: str = ""
    """Name of the logger (`py.warnings` for warnings); empty: a line that belongs to no request."""


Id = int | str
"""Chosen by the client, echoed by the process."""

Priority = Literal["user", "background"]
"""`user`: someone waits for it; it is worked before what is `background`, and never interrupts it."""


Credit = Annotated[int, Meta(ge=0)]
"""The answer may come in parts, of which so many may be on their way; `credit` asks for more."""

Index = Annotated[int, Meta(ge=0)]
"""A place in the list that was asked about."""


class Request(Struct, frozen=True, forbid_unknown_fields=True):
    """What the client writes. `release`, `upload`, `credit`, `cancel` need no `id`; then no answer comes."""

    operation: str
    id: Id | None = None
    data: dict[str, Any] = {}
    priority: Priority = "user"
    credit: Credit | None = None
    done: list[Index] = []
    """With `credit`: indices that parts of a process before brought; they come in no part again."""
    client: Annotated[int, Meta(ge=0)] = 0
    """Written by a host that speaks for several: whose request it is. 0: who owns the process."""


class ResultMessage(Struct, frozen=True, forbid_unknown_fields=True):
    """The answer to a request."""

    id: Id
    result: Any


class ErrorMessage(Struct, frozen=True, forbid_unknown_fields=True):
    """The answer to a request that failed."""

    id: Id
    error: WireError


class ReadyMessage(Struct, frozen=True, forbid_unknown_fields=True, tag_field="event", tag="ready"):
    """The first line."""

    data: Ready


class ProgressMessage(Struct, frozen=True, forbid_unknown_fields=True, tag_field="event", tag="progress"):
    """How far the request `id` has come; at most 20 a second."""

    id: Id
    data: Progress


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    """Data of the event `part`: the parts of an answer are numbered from 0, again in each process."""

    sequence: int
    value: Any


class PartMessage(Struct, frozen=True, forbid_unknown_fields=True, tag_field="event", tag="part"):
    """A part of the answer to the request `id`; the result, after the last part, ends it."""

    id: Id
    data: Part


class LogMessage(Struct, frozen=True, forbid_unknown_fields=True, tag_field="event", tag="log"):
    """A remark of the process."""

    data: Log


MESSAGES = (ResultMessage, ErrorMessage, ReadyMessage, ProgressMessage, PartMessage, LogMessage)
"""What the process writes: one of these on each line."""


class Operation(Struct, frozen=True):
    """A row of the table of operations."""

    data: type[Struct]
    result: type[Struct]
    repeatable: bool
    """May be sent again after a crash: it has no lasting effect, or the same effect twice."""
    immediate: bool = False
    """Answered by the reader thread, also while the model thread works."""
    part: type[Struct] | None = None
    """What its answer may come in, where the request gives `credit`: `indices` says what a part brings."""


OPERATIONS: dict[str, Operation] = {
    "ping": Operation(PingData, PingResult, repeatable=True, immediate=True),
    "status": Operation(StatusData, StatusResult, repeatable=True, immediate=True),
    "load_model": Operation(LoadModelData, LoadModelResult, repeatable=True),
    # The model goes with the process that had it: there is nothing to ask the next one.
    "unload_model": Operation(UnloadModelData, UnloadModelResult, repeatable=False),
    "process_audio": Operation(ProcessAudioData, ProcessAudioResult, repeatable=True, part=TextPart),
    "describe": Operation(DescribeData, DescribeResult, repeatable=True),
    "score": Operation(ScoreData, ScoreResult, repeatable=True),
    "transcribe": Operation(TranscribeData, TranscribeResult, repeatable=True),
    "extract_features": Operation(
        ExtractFeaturesData, ExtractFeaturesResult, repeatable=True, part=FeaturesPart
    ),
    "inspect_audio": Operation(InspectAudioData, InspectAudioResult, repeatable=True),
    "probe": Operation(ProbeData, ProbeResult, repeatable=True),
    "few_shot": Operation(FewShotData, FewShotResult, repeatable=True),
    "probe_tags": Operation(ProbeTagsData, ProbeTagsResult, repeatable=True),
    "retrieve": Operation(RetrieveData, RetrieveResult, repeatable=True),
    "compare": Operation(CompareData, CompareResult, repeatable=True),
    "judge": Operation(JudgeData, JudgeResult, repeatable=True),
    "power": Operation(PowerData, PowerResult, repeatable=True),
    "anytime": Operation(AnytimeData, AnytimeResult, repeatable=True),
    "judge_cost": Operation(JudgeCostData, JudgeCostResult, repeatable=True),
    "cluster": Operation(ClusterData, ClusterResult, repeatable=True),
    "download_model": Operation(DownloadModelData, DownloadModelResult, repeatable=True),
    # Asked again it would find its name taken, by itself.
    "add_model": Operation(AddModelData, AddModelResult, repeatable=False),
    "verify_model": Operation(VerifyModelData, VerifyModelResult, repeatable=True),
    "list_models": Operation(ListModelsData, ListModelsResult, repeatable=True),
    "remove_model": Operation(RemoveModelData, RemoveModelResult, repeatable=False),
    "start_profile": Operation(StartProfileData, StartProfileResult, repeatable=False),
    "stop_profile": Operation(StopProfileData, StopProfileResult, repeatable=False),
    "free_memory": Operation(FreeMemoryData, FreeMemoryResult, repeatable=True),
    "release": Operation(ReleaseData, ReleaseResult, repeatable=False, immediate=True),
    "upload": Operation(UploadData, UploadResult, repeatable=False, immediate=True),
    "credit": Operation(CreditData, CreditResult, repeatable=False, immediate=True),
    "cancel": Operation(CancelData, CancelResult, repeatable=False, immediate=True),
    "attach_client": Operation(AttachClientData, AttachClientResult, repeatable=False, immediate=True),
    "detach_client": Operation(DetachClientData, DetachClientResult, repeatable=False),
    "shutdown": Operation(ShutdownData, ShutdownResult, repeatable=False),
}
