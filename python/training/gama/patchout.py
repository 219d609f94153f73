"""Patchout: training on a random part of the patches, faster and harder to memorise.

Koutini et al., "Efficient Training of Audio Transformers with Patchout" (2022), in its unstructured
form. Patches of padding are dropped more readily, but not all of them: inference sees them.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

PADDING_HANDICAP = 0.5


def keep_patches(
    columns: NDArray[np.int64], *, kept: int, freq: int, time: int, generator: np.random.Generator
) -> Tensor:
    """Patch indices (f * time + t) to keep, [B, kept] int64, ascending.

    `columns` holds the heard time patches of each clip, [B].
    """
    score = generator.random((len(columns), freq, time), dtype=np.float32)
    padding = np.arange(time) >= columns[:, None]  # [B, time]
    score += PADDING_HANDICAP * padding[:, None, :]
    chosen = np.argpartition(score.reshape(len(columns), -1), kept - 1)[:, :kept]
    return torch.from_numpy(np.sort(chosen))
