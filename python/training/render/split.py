"""Which parameter vectors of the DSP sounds belong to training and which are held out.

Each coordinate of a sound's parameter vector lies in [0, 1]. Training draws from [0, .3] and [.45, .8];
the test split from the gap [.3, .45] and from [.8, 1]. At least one coordinate of every test vector lies
in [.8, 1], so every test vector is outside the convex hull of the training vectors.
"""

from typing import Literal

import numpy as np

Split = Literal["train", "test"]
SPLIT_NUMBER: dict[Split, int] = {"train": 0, "test": 1}
TRAIN_BANDS = ((0.0, 0.3), (0.45, 0.8))
TEST_BANDS = ((0.3, 0.45), (0.8, 1.0))
TRAIN_SEEDS = range(400)
TEST_SEEDS = range(1000, 1012)


def parameter_seeds(split: Split) -> range:
    """Parameter seeds of a split; each seed of a class is one source."""
    return TRAIN_SEEDS if split == "train" else TEST_SEEDS


def parameter_vector(name: str, seed: int, size: int) -> np.ndarray:
    """Parameter vector in [0, 1]**size of one source; the seed alone decides its split.

    Args:
        name: class of the sound.
        seed: one of TRAIN_SEEDS or TEST_SEEDS.
        size: number of parameters of the class.

    Raises:
        ValueError: the seed belongs to neither split.
    """
    if seed not in TRAIN_SEEDS and seed not in TEST_SEEDS:
        raise ValueError(f"parameter seed {seed} belongs to no split")
    rng = np.random.default_rng([seed, *name.encode()])
    bands = TRAIN_BANDS if seed in TRAIN_SEEDS else TEST_BANDS
    widths = np.array([high - low for low, high in bands])
    chosen = rng.choice(2, size, p=widths / widths.sum())
    if seed in TEST_SEEDS:
        chosen[rng.integers(size)] = 1
    low = np.array([bands[k][0] for k in chosen])
    high = np.array([bands[k][1] for k in chosen])
    return low + (high - low) * rng.random(size)
