"""Named layers of GAMA and their pooling.

Shapes: B batch, L frames (or queries), S time tokens, D features.
"""

import math
from typing import Literal

import torch
from torch import Tensor

from gama_operations.errors import InvalidRequestError
from gama_operations.models.gama.config import GamaConfig
from gama_operations.models.gama.model import Gama

Pooling = Literal["mean", "mean_std", "none"]


def layer_names(config: GamaConfig) -> tuple[str, ...]:
    """`encoder.<n>` after block n (from 0), `encoder` after the final norm, `aggregator`, `qformer`."""
    blocks = [f"encoder.{index}" for index in range(config.blocks_a + config.blocks_u)]
    return (*blocks, "encoder", "aggregator", "qformer")


def layer_tokens(model: Gama, fbank: Tensor, layer: str) -> Tensor:
    """Tokens [B, S, D] (encoder and aggregator: 16 frames, 160 ms each) or [B, Q, D] (`qformer`).

    Encoder patches are averaged over frequency, as the model itself does.

    Raises:
        InvalidRequestError: no such layer.
    """
    names = layer_names(model.config)
    if layer not in names:
        raise InvalidRequestError(f"no layer {layer!r}; this model has {', '.join(names)}")
    encoder = model.audio.audio_encoder
    encoded = encoder(fbank)
    if layer == "encoder":
        return encoder.time_tokens(encoded.last)
    if layer.startswith("encoder."):
        return encoder.time_tokens(encoded.hidden_states[int(layer.removeprefix("encoder."))])
    tokens = model.audio.tokens(encoded)
    return tokens.aggregator if layer == "aggregator" else tokens.qformer


def heard_tokens(config: GamaConfig, layer: str, frames: int) -> int:
    """Tokens that stand for sound and not for padding."""
    return config.query_tokens if layer == "qformer" else math.ceil(frames / config.patch)


def pooled(tokens: Tensor, pooling: Pooling) -> Tensor:
    """[L, D] to [D] (`mean`), [2 D] (`mean_std`, population deviation) or [L, D] (`none`)."""
    if pooling == "none":
        return tokens
    mean = tokens.mean(0)
    return mean if pooling == "mean" else torch.cat([mean, tokens.std(0, correction=0)])
