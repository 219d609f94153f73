"""Mean and deviation over time of many layers in one pass over each clip; `embed` gives one layer a pass.

Of GAMA: the blocks of its encoder, and the ends of encoder, aggregator and Q-Former. What lies inside of the
last two, and the language model, are layers of `embed` alone.

Shapes: L frames, D features.
"""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from gama_operations.models.gama.adapter import GamaModel
from gama_operations.models.gama.embedding import heard_tokens, pooled
from gama_operations.models.surface import AudioModel, Waveform
from gama_operations.models.wav2vec2 import Wav2Vec2Encoder, pool

Layers = dict[str, NDArray[np.float32]]


@torch.inference_mode()
def _gama_layers(model: GamaModel, waveform: Waveform) -> Layers:
    audio, config = model.model.audio, model.folder.gama
    encoded = audio.audio_encoder(model.frontend([waveform]))
    tokens = audio.tokens(encoded)
    time_tokens = audio.audio_encoder.time_tokens
    found = {f"encoder.{number}": time_tokens(state) for number, state in enumerate(encoded.hidden_states)}
    found |= {
        "encoder": time_tokens(encoded.last),
        "aggregator": tokens.aggregator,
        "qformer": tokens.qformer,
    }
    frames = model.frontend.frames_heard(waveform.shape[-1])
    return {
        layer: pooled(rows[0, : heard_tokens(config, layer, frames)], "mean_std").numpy()
        for layer, rows in found.items()
    }


def _wav2vec2_layers(model: Wav2Vec2Encoder, waveform: Waveform) -> Layers:
    return {
        layer: pool(frames, "mean_std")
        for layer, frames in zip(model.info.layers, model.all_layers(waveform), strict=True)
    }


def layer_statistics(model: AudioModel, waveforms: list[Waveform]) -> Iterator[Layers]:
    """Per waveform [C, T]: layer to mean and standard deviation over time, [2 D]."""
    for waveform in waveforms:
        if isinstance(model, GamaModel):
            yield _gama_layers(model, waveform)
        elif isinstance(model, Wav2Vec2Encoder):
            yield _wav2vec2_layers(model, waveform)
        else:
            (layer,) = model.info.layers
            yield {layer: model.embed([waveform], pooling="mean_std")[0].features}
