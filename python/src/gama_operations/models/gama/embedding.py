"""Named layers of GAMA and their pooling.

Shapes: B batch, L frames (or queries), S time tokens, D features.
"""

import math
from typing import Literal

import torch
from torch import Tensor

from gama_operations.errors import InvalidRequestError
from gama_operations.models.gama.config import LTU_POOL, GamaConfig
from gama_operations.models.gama.model import Gama

Pooling = Literal["mean", "mean_std", "none"]


def layer_names(model: Gama) -> tuple[str, ...]:
    """Layers from the sound to the words; `<part>.<n>` stands after layer n (from 0) of a part.

    `encoder` stands after the final norm; `aggregator`, `qformer` and `lm` (after its norm) are the ends of
    their parts, so that these have no number for their last layer.
    """
    config = model.config
    ends = {"lm": _language_layers(model)}
    if config.architecture == "gama":  # LTU goes from the encoder to the language model
        ends = {
            "aggregator": len(model.audio.aggregator_layers),
            "qformer": config.qformer_layers,
            **ends,
        }
    blocks = [f"encoder.{index}" for index in range(config.blocks_a + config.blocks_u)]
    parts = [[*(f"{part}.{index}" for index in range(count - 1)), part] for part, count in ends.items()]
    return (*blocks, "encoder", *(name for part in parts for name in part))


def _language_layers(model: Gama) -> int:
    return model.language_model.config.get_text_config(decoder=True).num_hidden_layers


def layer_tokens(model: Gama, fbank: Tensor, layer: str) -> Tensor:
    """Tokens [B, L, D] of a layer.

    Encoder and aggregator: S time tokens (`patch_frames` long: 160 ms in the release), encoder patches
    averaged over frequency as the model itself does; `qformer`: its queries; `lm`: the audio prefix (GAMA's:
    queries first), in the width of the language model.

    Raises:
        InvalidRequestError: no such layer.
    """
    names = layer_names(model)
    if layer not in names:
        raise InvalidRequestError(f"no layer {layer!r}; this model has {', '.join(names)}")
    part, _, number = layer.partition(".")
    if part == "lm":
        return _language_tokens(model, model.audio_prefix(fbank), number)
    audio = model.audio
    encoded = audio.audio_encoder(fbank)
    if part == "encoder":
        patches = encoded.hidden_states[int(number)] if number else encoded.last
        return audio.audio_encoder.time_tokens(patches)
    # no hooks: clips may go through the model side by side
    last, j, k = audio.pooled(encoded)
    if part == "aggregator":
        first, second = audio.aggregator_layers
        tokens = first(last, j)
        return tokens if number else second(tokens, k)
    bert = audio.Qformer.bert
    heard = audio.qformer_proj_norm(last)
    tokens = bert.embeddings(audio.query_tokens.expand(len(last), -1, -1))
    for block in bert.encoder.layer[: int(number) + 1] if number else bert.encoder.layer:
        tokens = block(tokens, heard)
    return tokens


def _language_tokens(model: Gama, prefix: Tensor, number: str) -> Tensor:
    """[B, P, H]: attention is causal, so that a question behind the audio would change nothing."""
    weights = next(model.language_model.parameters())
    output = model.language_model.base_model(
        inputs_embeds=prefix.to(weights), output_hidden_states=bool(number), use_cache=False
    )
    states = output.hidden_states[int(number) + 1] if number else output.last_hidden_state
    return states.float()


def heard_tokens(config: GamaConfig, layer: str, frames: int) -> int:
    """How many of the first tokens stand for sound and not for padding."""
    part = layer.partition(".")[0]
    columns = math.ceil(frames / config.patch_frames)
    if config.architecture == "ltu":
        return math.ceil(columns / LTU_POOL) if part == "lm" else columns
    return {"qformer": config.query_tokens, "lm": config.query_tokens + columns}.get(part, columns)


def pooled(tokens: Tensor, pooling: Pooling) -> Tensor:
    """[L, D] to [D] (`mean`), [2 D] (`mean_std`, population deviation) or [L, D] (`none`)."""
    if pooling == "none":
        return tokens
    mean = tokens.mean(0)
    return mean if pooling == "mean" else torch.cat([mean, tokens.std(0, correction=0)])
