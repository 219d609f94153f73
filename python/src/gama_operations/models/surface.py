"""What every model offers to the operations; models know nothing of JSON.

Shapes: C channels, T samples, L frames, D features.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeGuard, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from gama_operations.models.load_options import Attention, Quantization

Capability = Literal["embed", "describe", "score", "transcribe"]
Pooling = Literal["mean", "mean_std", "none"]
Family = Literal[
    "gama", "wav2vec2", "statistics", "ast", "clap", "whisper", "qwen2-audio", "audio-flamingo-3"
]
Preset = Literal["official-inference", "official-single-audio"]
Waveform = NDArray[np.float32]
"""Shape [C, T], float32 in [-1, 1], at the model's sample rate."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Facts about a loaded model; field by field what the wire's ModelDescription says."""

    model_id: str
    revision: str
    family: Family
    weights: Literal["trained", "random"]
    device: str
    dtype: Literal["float32", "bfloat16", "float16"]
    sample_rate: int
    window_seconds: float | None
    seconds_per_pass: float | None
    embedding_dim: int
    layers: tuple[str, ...]
    default_layer: str
    capabilities: tuple[Capability, ...]
    parameters: int
    offers: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    attention: Attention | None = None
    quantization: Quantization = "none"


@dataclass(frozen=True, slots=True)
class Generation:
    """Decoding options; the defaults are greedy."""

    max_new_tokens: int = 100
    do_sample: bool = False
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    repetition_penalty: float = 1.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Embedding:
    """Features of one clip: [D] when pooled, [L, D] with pooling `none`, [layers, D] of all layers."""

    features: NDArray[np.float32]
    seconds_heard: float


@dataclass(frozen=True, slots=True)
class Description:
    """A model's answer about one clip."""

    text: str
    prompt: str
    """What was asked; the model's own request where the caller gave none."""
    tokens: int
    stop_reason: Literal["end", "length"]
    seconds_heard: float
    cached: bool = False
    """The audio was kept from an earlier question: only the answer was computed."""


@dataclass(frozen=True, slots=True)
class Scores:
    """How likely a model finds each of several answers about one clip."""

    log_probabilities: tuple[float, ...]
    """Per candidate: natural logarithm, the sum over its tokens."""
    tokens: tuple[int, ...]
    """Per candidate, with the end of the answer where it counts."""
    prompt: str
    seconds_heard: float
    cached: bool = False
    """As in Description."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word that was said; seconds from where the clip begins."""

    text: str
    start: float
    end: float
    confidence: float
    """0 to 1; `models/ctc_decode.py` has the formula."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said in one clip."""

    words: tuple[Word, ...]
    seconds_heard: float
    windows: tuple[tuple[float, float], ...]
    """Start and end of what went through the model together, in seconds; they overlap."""


def _no_phase(_name: str) -> AbstractContextManager[None]:
    from contextlib import nullcontext

    return nullcontext()


@dataclass(frozen=True, slots=True)
class RunContext:
    """What an operation lends a model while it runs."""

    phase: Callable[[str], AbstractContextManager[None]] = _no_phase
    """`with context.phase("encode"):` marks a phase for the memory report."""
    check: Callable[[], None] = field(default=lambda: None)
    """Raises Cancelled when the caller gave up; call it between layers, chunks and tokens."""


class AudioModel(Protocol):
    """A model that hears."""

    @property
    def info(self) -> ModelInfo:
        """Facts about the model as it is loaded."""
        ...

    @property
    def kept_bytes(self) -> int:
        """What it keeps of audio that it heard, for further questions; also read from another thread."""
        ...

    def forget(self) -> None:
        """Gives back what it keeps."""
        ...

    @property
    def answer_form(self) -> str:
        """Changes with all that its answers depend on beside `info`: tokenizer, template, prompts, ends.

        Raises:
            CapabilityError: it has no tokenizer.
        """
        ...

    def embed(
        self,
        waveforms: Sequence[Waveform],
        *,
        layer: str | None = None,
        pooling: Literal["mean", "mean_std", "none"] = "mean",
        context: RunContext = RunContext(),
    ) -> list[Embedding]:
        """One embedding per waveform, equal to what each alone would give.

        Raises:
            CapabilityError: the model cannot embed.
            InvalidRequestError: no such layer.
        """
        ...

    def describe(
        self,
        waveforms: Sequence[Waveform],
        prompts: Sequence[str | None],
        *,
        generation: Generation = Generation(),
        cache: bool = True,
        context: RunContext = RunContext(),
    ) -> list[Description]:
        """One answer per waveform; a prompt of None asks for a description.

        With `cache` a model may use what it kept of the same samples, and keep what it computes; the
        answers are the same without.

        Raises:
            CapabilityError: the model cannot describe.
        """
        ...

    def describe_in_pieces(
        self,
        waveform: Waveform,
        prompt: str | None,
        *,
        generation: Generation = Generation(),
        cache: bool = True,
        context: RunContext = RunContext(),
    ) -> Generator[str, None, Description]:
        """The answer that `describe` gives about one waveform, in pieces while it is written.

        The pieces, joined, are its text. No phase is open between two of them.

        Raises:
            CapabilityError: the model cannot describe.
        """
        ...

    def score(
        self,
        waveforms: Sequence[Waveform],
        prompt: str | None,
        candidates: Sequence[str],
        *,
        end: bool = True,
        cache: bool = True,
        context: RunContext = RunContext(),
    ) -> list[Scores]:
        """The likelihood of each candidate as the answer to one question, for each waveform.

        With `end` it is that of saying the candidate and nothing more: without, one that begins another
        is always the likelier of the two. `prompt` and `cache` as in `describe`.

        Raises:
            CapabilityError: the model cannot score.
            InvalidRequestError: no candidates, or one that cannot follow the prompt.
        """
        ...


@runtime_checkable
class EmbedsLayers(Protocol):
    """A model that gives all of its layers, which are of one width, in one pass."""

    def embed_layers(
        self, waveforms: Sequence[Waveform], *, pooling: Pooling, context: RunContext = RunContext()
    ) -> list[Embedding]:
        """Features [layers, D] of each waveform, in the order of `info.layers`; pooled."""
        ...


class Transcriber(AudioModel, Protocol):
    """A model that writes what was said; `transcribe` stands in its capabilities."""

    @property
    def frame_seconds(self) -> float:
        """From one frame to the next: words begin and end on frames."""
        ...

    def transcribe(
        self,
        waveforms: Sequence[Waveform],
        *,
        window_seconds: float,
        context_seconds: float,
        context: RunContext = RunContext(),
    ) -> list[Transcript]:
        """The words of each waveform, equal to what each alone would give.

        A longer one goes through in windows, which overlap by two contexts; each frame is taken from one.

        Raises:
            InvalidRequestError: a window that is all context.
        """
        ...


def can_transcribe(model: AudioModel) -> TypeGuard[Transcriber]:
    """Whether a model writes what was said."""
    return "transcribe" in model.info.capabilities
