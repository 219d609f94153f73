"""Encoders as transformers computes them (WavLM, unusual forms of the others), in batches that do not leak.

The convolutions hear clip by clip: the base models normalise the first one over time (`feat_extract_norm:
"group"`), so that padded samples would change every frame, mask or no mask (transformers PR #10117). Only
frames are padded, as zeros that attention does not see.
Shapes: B batch, T samples, L frames, D features.
"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class PaddedEncoder:
    """A model of transformers behind the two verbs of `PackedEncoder`."""

    def __init__(self, model: "PreTrainedModel") -> None:
        self._model: Any = model

    def __call__(self, clips: Sequence[Tensor], layer: int) -> list[Tensor]:
        """Frames [L, D] of each clip [T]: what enters block `layer`, or leaves the last one."""
        return list(self._run(clips, [layer])[0])

    def states(self, clip: Tensor) -> list[Tensor]:
        """Frames [L, D] of all layers of a clip [T], in one pass."""
        layers = range(len(self._model.encoder.layers) + 1)
        return [state[0] for state in self._run([clip], layers)]

    def _run(self, clips: Sequence[Tensor], layers: Sequence[int]) -> list[tuple[Tensor, ...]]:
        """For each layer the frames of each clip."""
        extractor, project = self._model.feature_extractor, self._model.feature_projection
        frames = [extractor(clip[None])[0].T for clip in clips]  # each (L, C)
        lengths = [len(one) for one in frames]
        heard = None
        if len(set(lengths)) > 1:
            places = torch.arange(max(lengths), device=frames[0].device)
            heard = places < torch.tensor(lengths, device=places.device)[:, None]
        projected = project(pad_sequence(frames, batch_first=True))
        x = projected[0] if isinstance(projected, tuple) else projected  # HuBERT's gives no more than this
        blocks = self._model.encoder.layers
        caught: dict[int, Tensor] = {}
        hooks = [
            blocks[layer].register_forward_pre_hook(partial(_catch, caught, layer))
            for layer in layers
            if layer < len(blocks)
        ]
        try:
            # after the last block, and the final norm where the architecture has one
            caught[len(blocks)] = self._model.encoder(x, attention_mask=heard).last_hidden_state
        finally:
            for hook in hooks:
                hook.remove()
        return [
            tuple(row[:length] for row, length in zip(caught[layer], lengths, strict=True))
            for layer in layers
        ]


def _catch(caught: dict[int, Tensor], layer: int, _block: nn.Module, arguments: tuple[Tensor, ...]) -> None:
    caught[layer] = arguments[0]
