"""Models in this process: loading them, and what they can do."""

from typing import Literal

from msgspec import Struct

from gama_operations.protocol.memory import MemoryUsage
from gama_operations.protocol.scalars import Seed

Capability = Literal["embed", "describe", "score", "transcribe"]

DType = Literal["float32", "bfloat16", "float16"]

Weights = Literal["trained", "random"]

Attention = Literal["eager", "sdpa", "flash_attention_2"]
"""How transformers computes attention; `flash_attention_2` needs CUDA and its package."""

Quantization = Literal["none", "8bit", "4bit"]


class ModelCard(Struct, frozen=True, forbid_unknown_fields=True):
    """What a model's folder says of it, for whoever reports on the model."""

    licence: str | None
    """As its card names it, on the Hugging Face hub an SPDX identifier in small letters."""
    citation: str | None
    """BibTeX entries."""
    source: str
    """Where both stand, or why one is null."""


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
    card: ModelCard


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
