"""Encoders that hear one window of fixed length: a shorter clip is filled up, as in their training.

A clip is mixed down to the mean of its channels. Each goes through the feature extractor by itself, so that
none changes another; the windows of a batch are of one length, so that there is no padding to leak.
Shapes: B batch, L time steps, D features.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import PreTrainedModel

from gama_operations.errors import InvalidRequestError
from gama_operations.models.surface import Embedding, ModelInfo, RunContext, Waveform
from gama_operations.models.wav2vec2 import pool
from gama_operations.models.without_answers import WithoutAnswers

CLIPS_AT_ONCE = 16
SHORTEST_SECONDS = 0.1
"""A shorter clip is filled with zeros to this length before its features are computed: it has no frame."""
UNWATCHED = RunContext()
Samples = NDArray[np.float32]


class Tower(Protocol):
    """What a family knows of its own encoder."""

    @property
    def model(self) -> PreTrainedModel:
        """As transformers made it."""
        ...

    def features(self, samples: Samples) -> Mapping[str, Tensor]:
        """Inputs of the encoder, [1, ...] each, for samples of at most one window."""
        ...

    def states(self, inputs: Mapping[str, Tensor], layer: str) -> Tensor:
        """[B, L, D] of a layer; L is 1 where it has no time."""
        ...

    def steps_heard(self, samples: int, layer: str, steps: int) -> int:
        """How many of the L first steps stand for sound that was given."""
        ...


class WindowEncoder(WithoutAnswers):
    """An encoder that embeds one window, and cannot describe."""

    def __init__(self, tower: Tower, info: ModelInfo) -> None:
        super().__init__(info.model_id, "an encoder")
        self._tower = tower
        self.info = info

    @property
    def transformer(self) -> PreTrainedModel:
        """The encoder as transformers made it."""
        return self._tower.model

    def embed(
        self,
        waveforms: Sequence[Waveform],
        *,
        layer: str | None = None,
        pooling: Literal["mean", "mean_std", "none"] = "mean",
        context: RunContext = UNWATCHED,
    ) -> list[Embedding]:
        """One embedding per waveform [C, T], of its first window; steps that stand for padding are left out.

        Raises:
            InvalidRequestError: no such layer.
        """
        name = self.info.default_layer if layer is None else layer
        if name not in self.info.layers:
            known = ", ".join(self.info.layers)
            raise InvalidRequestError(f"{self.info.model_id} has no layer {name!r}; it has {known}")
        rate = self.info.sample_rate
        window = round(cast("float", self.info.window_seconds) * rate)
        results: list[Embedding] = []
        for start in range(0, len(waveforms), CLIPS_AT_ONCE):
            context.check()
            with context.phase("frontend"):
                clips = [mono(clip, window) for clip in waveforms[start : start + CLIPS_AT_ONCE]]
                inputs = self._inputs([filled_up(clip, rate) for clip in clips])
            with context.phase("encode"), torch.inference_mode():
                states = self._tower.states(inputs, name).float().cpu().numpy()
            for clip, row in zip(clips, states, strict=True):
                steps = self._tower.steps_heard(len(clip), name, len(row))
                results.append(Embedding(pool(row[:steps], pooling), len(clip) / rate))
        return results

    def _inputs(self, clips: Sequence[Samples]) -> dict[str, Tensor]:
        each = [self._tower.features(clip) for clip in clips]
        joined = {name: torch.cat([one[name] for one in each]) for name in each[0]}
        model = self._tower.model
        return {
            name: part.to(model.device, model.dtype if part.is_floating_point() else None)
            for name, part in joined.items()
        }


def mono(waveform: Waveform, window: int) -> Samples:
    """The mean of the channels, cut after so many samples."""
    return waveform[:, :window].mean(axis=0, dtype=np.float32)


def filled_up(samples: Samples, rate: int) -> Samples:
    """At least SHORTEST_SECONDS of samples."""
    return np.pad(samples, (0, max(0, round(SHORTEST_SECONDS * rate) - len(samples))))
