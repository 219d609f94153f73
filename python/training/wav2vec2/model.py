"""Masked prediction of frame clusters, HuBERT's objective, on the Wav2Vec2 architecture.

W.-N. Hsu et al., "HuBERT: Self-Supervised Speech Representation Learning by Masked Prediction of
Hidden Units" (2021), eq. 2 with alpha = 1: the loss counts masked frames only.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from transformers import Wav2Vec2Config, Wav2Vec2Model


def normalise(waveforms: Tensor) -> Tensor:
    """Zero mean and unit variance per crop [B, T], as Wav2Vec2FeatureExtractor does it."""
    mean = waveforms.mean(-1, keepdim=True)
    return (waveforms - mean) / torch.sqrt(waveforms.var(-1, keepdim=True, correction=0) + 1e-7)


def mask_spans(
    shape: tuple[int, int], *, share: float, span: int, generator: np.random.Generator
) -> NDArray[np.bool_]:
    """Masked frames, shape [B, L]: spans start at random and may overlap."""
    rows, frames = shape
    mask = np.zeros(shape, bool)
    starts = max(1, round(share * frames / span))
    for row in range(rows):
        begins = generator.choice(frames - span + 1, starts, replace=False)
        mask[row, (begins[:, None] + np.arange(span)).ravel()] = True
    return mask


class MaskedClusterModel(nn.Module):
    """Wav2Vec2Model and a linear head over clusters; only the model ships."""

    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        self.wav2vec2 = Wav2Vec2Model(config)
        self.head = nn.Linear(config.hidden_size, config.vocab_size)

    def forward(self, waveforms: Tensor, mask: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Loss and accuracy on masked frames of crops [B, T] with mask and targets [B, L]."""
        hidden = self.wav2vec2(normalise(waveforms), mask_time_indices=mask).last_hidden_state
        logits = self.head(hidden[mask]).float()
        wanted = targets[mask]
        loss = functional.cross_entropy(logits, wanted)
        return loss, (logits.argmax(-1) == wanted).float().mean()
