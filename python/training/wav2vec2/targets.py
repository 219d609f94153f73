"""Cluster targets: k-means over frame features, then the nearest cluster of each frame of a crop."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.cluster import MiniBatchKMeans
from torch import Tensor

from training.shards import Shards

Describe = Callable[[Tensor], Tensor]
"""Waveforms [B, T] to frame features [B, L, D]."""

SAMPLED_CROPS = 4_000
SAMPLED_FRAMES = 60
"""Crops, and frames of each, that the clusters are fitted on."""


@dataclass(frozen=True)
class ClusterTargets:
    """What the masked prediction must guess.

    Attributes:
        describe: features of the frames.
        centres: cluster centres, shape [clusters, D].
    """

    describe: Describe
    centres: Tensor

    @torch.no_grad()
    def __call__(self, waveforms: Tensor) -> Tensor:
        """Nearest cluster of every frame of crops [B, T], shape [B, L]."""
        features = self.describe(waveforms).float()
        # argmin |x - c|^2 = argmin |c|^2 - 2 x c
        return (self.centres.square().sum(-1) - 2 * features @ self.centres.T).argmin(-1)


def random_crops(
    shards: Shards, indices: NDArray[np.int64], length: int, generator: np.random.Generator
) -> Tensor:
    """One crop per clip, shape [B, length]; a shorter clip keeps its zero padding."""
    crops = np.empty((len(indices), length), np.float32)
    for row, index in zip(crops, indices, strict=True):
        spare = max(0, shards.samples(int(index)) - length)
        row[:] = shards.crop(int(index), int(generator.integers(spare + 1)), length)
    return torch.from_numpy(crops)


@torch.no_grad()
def fit_targets(shards: Shards, describe: Describe, *, clusters: int, crop: int, seed: int) -> ClusterTargets:
    """Fits k-means on frames of random training crops."""
    generator = np.random.default_rng(seed)
    chosen = generator.choice(len(shards), min(SAMPLED_CROPS, len(shards)), replace=False)
    rows: list[NDArray[np.float32]] = []
    for start in range(0, len(chosen), 16):
        crops = random_crops(shards, chosen[start : start + 16], crop, generator)
        features = describe(crops).float().numpy()
        rows.extend(row[generator.choice(len(row), SAMPLED_FRAMES, replace=False)] for row in features)
    means = MiniBatchKMeans(clusters, batch_size=4096, n_init=3, max_iter=60, random_state=seed)
    means.fit(np.concatenate(rows))
    return ClusterTargets(describe, torch.from_numpy(means.cluster_centers_.astype(np.float32)))
