"""Sizes and steps of gama-tiny."""

from dataclasses import dataclass, field
from typing import Any

from gama_operations.models.gama.config import GamaConfig


@dataclass(frozen=True)
class EncoderSettings:
    """Stage A: encoder, aggregator and Q-Former, supervised.

    Attributes:
        clips: rendered training clips used.
        kept: patches kept of 256 (patchout).
        full_share: last share of the steps that sees every patch, as inference does.
        patch: mel bins of a patch.
        patch_frames: frames of a patch; 80 ms tell fast strikes apart, which the release's 160 do not.
        column_weight: weight of what each column of patches is asked (`columns.py`).
    """

    clips: int = 50_000
    batch: int = 32
    steps: int = 5_000
    warmup: int = 300
    kept: int = 112
    full_share: float = 0.1
    learning_rate: float = 1.2e-3
    weight_decay: float = 0.02
    smoothing: float = 0.05
    seed: int = 11
    width: int = 160
    heads: int = 4
    blocks: int = 5
    patch: int = 32
    patch_frames: int = 8
    column_weight: float = 0.5


@dataclass(frozen=True)
class JointSettings:
    """Stage B: captions and answers, everything trained together.

    Attributes:
        questions: question segments packed behind one clip.
        tag_weight: weight of stage A's loss, kept as an auxiliary one.
        gradient_checkpointing: the language model computes its activations again on the way back, for less
            memory and a third more time; small models need it not.
        encoder: the settings of the stage that it starts from.
    """

    clips: int = 50_000
    batch: int = 16
    steps: int = 3_200
    warmup: int = 150
    questions: int = 6
    kept: int = 160
    full_share: float = 0.2
    learning_rate: float = 1.5e-3
    audio_learning_rate: float = 6e-4
    weight_decay: float = 0.01
    tag_weight: float = 0.1
    seed: int = 13
    vocabulary: int = 800
    width: int = 192
    layers: int = 4
    intermediate: int = 512
    gradient_checkpointing: bool = False
    encoder: EncoderSettings = field(default_factory=EncoderSettings)


def gama_config(settings: EncoderSettings, *, norm_mean: float, norm_std: float, lm_width: int) -> GamaConfig:
    """gama-tiny as an instance of GAMA: 5.12 s, paper's aggregator, no LoRA."""
    return GamaConfig(
        target_frames=512,
        norm_mean=round(norm_mean, 4),
        norm_std=round(norm_std, 4),
        patch=settings.patch,
        patch_frames=settings.patch_frames,
        embed_dim=settings.width,
        encoder_heads=settings.heads,
        blocks_a=settings.blocks - 1,
        blocks_u=1,
        block_j=settings.blocks - 3,
        block_k=1,
        pool_divisor=1.0,
        bert_heads=settings.heads,
        bert_intermediate=512,
        qformer_layers=2,
        cross_attention_freq=1,
        query_tokens=16,
        aggregator_mode="paper",
        aggregator_dropout=0.0,
        projection_dim=lm_width,
        lora=None,
    )


def llama_config(settings: JointSettings, vocabulary: int) -> dict[str, Any]:
    """A small Llama; token ids as in the released GAMA: 0 padding and unknown, 1 begin, 2 end."""
    return {
        "model_type": "llama",
        "vocab_size": vocabulary,
        "hidden_size": settings.width,
        "intermediate_size": settings.intermediate,
        "num_hidden_layers": settings.layers,
        "num_attention_heads": settings.width // 64,
        "num_key_value_heads": settings.width // 64,
        "max_position_embeddings": 512,
        "tie_word_embeddings": True,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 0,
    }
