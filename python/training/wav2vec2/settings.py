"""Sizes and steps of wav2vec2-tiny."""

from dataclasses import dataclass

from transformers import Wav2Vec2Config


@dataclass(frozen=True)
class Wav2Vec2Settings:
    """Everything that shapes the trained weights.

    Attributes:
        clips: rendered training clips used.
        batch: crops per step.
        crop: samples of a crop; a multiple of the 320-sample frame shift plus 80.
        steps: optimiser steps.
        clusters: k-means clusters, the targets of the masked prediction.
        iteration: 1 predicts clusters of cepstra, 2 clusters of the first model's features.
        teacher_layer: hidden layer that iteration 2 clusters.
        learning_rate: peak of the warm-up cosine.
        mask_share: share of frames that begin a masked span, times the span's length.
        mask_span: frames of a masked span (20 ms each).
    """

    clips: int = 50_000
    batch: int = 16
    crop: int = 40_080
    steps: int = 4_500
    warmup: int = 250
    clusters: int = 128
    iteration: int = 1
    teacher_layer: int = 3
    learning_rate: float = 1.2e-3
    weight_decay: float = 0.01
    mask_share: float = 0.65
    mask_span: int = 8
    seed: int = 7
    hidden: int = 192
    layers: int = 4
    heads: int = 3
    conv: tuple[int, ...] = (32, 64, 64, 96, 96, 96, 96)


def wav2vec2_config(settings: Wav2Vec2Settings) -> Wav2Vec2Config:
    """The Hugging Face configuration; strides and kernels are wav2vec 2.0's (20 ms frames)."""
    return Wav2Vec2Config(
        hidden_size=settings.hidden,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads,
        intermediate_size=4 * settings.hidden,
        conv_dim=list(settings.conv),
        num_conv_pos_embeddings=64,
        num_conv_pos_embedding_groups=8,
        feat_extract_norm="group",
        do_stable_layer_norm=False,
        mask_time_prob=settings.mask_share,
        mask_time_length=settings.mask_span,
        hidden_dropout=0.05,
        attention_dropout=0.0,
        activation_dropout=0.0,
        feat_proj_dropout=0.0,
        layerdrop=0.0,
        vocab_size=settings.clusters,
    )


FIRST = Wav2Vec2Settings(steps=3_600)
SECOND = Wav2Vec2Settings(iteration=2, steps=1_400, warmup=100, learning_rate=8e-4)
