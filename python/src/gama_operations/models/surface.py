"""What every model offers to the operations; models know nothing of JSON.

Shapes: C channels, T samples, L frames, D features.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Waveform = NDArray[np.float32]
"""Shape [C, T], float32 in [-1, 1], at the model's sample rate."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Facts about a loaded model; field by field what the wire's ModelDescription says."""

    model_id: str
    revision: str
    family: Literal["gama", "wav2vec2", "statistics"]
    weights: Literal["trained", "random"]
    device: str
    dtype: Literal["float32", "bfloat16", "float16"]
    sample_rate: int
    window_seconds: float | None
    seconds_per_pass: float | None
    embedding_dim: int
    layers: tuple[str, ...]
    default_layer: str
    capabilities: tuple[Literal["embed", "describe"], ...]
    parameters: int
    offers: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


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
    """Features of one clip: [D] when pooled, [L, D] with pooling `none`."""

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
        context: RunContext = RunContext(),
    ) -> list[Description]:
        """One answer per waveform; a prompt of None asks for a description.

        Raises:
            CapabilityError: the model cannot describe.
        """
        ...
