"""Copies of clips as they turn up in data sets: softer, cut at the beginning, noisier.

Each run plants some of its own clips among its candidates, so that it can say how many it finds.
Shapes: C channels, T samples.
"""

from collections.abc import Sequence

import numpy as np

from gama_operations.models.surface import Waveform

GAIN_DB = -6.0
CUT_SECONDS = 0.05
NOISE_DB = -40.0
"""Below the copy's own level."""


def plant(clip: Waveform, sample_rate: int, seed: Sequence[int]) -> Waveform:
    """A copy of a clip [C, T]; of one that is shorter than twice the cut nothing is cut.

    Args:
        clip: the clip.
        sample_rate: Hz.
        seed: of the noise.
    """
    cut = round(CUT_SECONDS * sample_rate)
    copy = clip[:, cut if clip.shape[1] >= 2 * cut else 0 :].astype(np.float64)
    copy *= 10 ** (GAIN_DB / 20)
    level = np.sqrt(np.mean(copy**2))
    noise = np.random.default_rng(list(seed)).standard_normal(copy.shape)
    return (copy + noise * level * 10 ** (NOISE_DB / 20)).astype(np.float32)
