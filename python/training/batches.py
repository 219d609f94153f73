"""Which clips a step sees: a pure function of seed and step, so a resumed run sees the same ones."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


@lru_cache(maxsize=2)
def _order(total: int, seed: int, epoch: int) -> NDArray[np.int64]:
    return np.random.default_rng([seed, epoch]).permutation(total)


def batch_indices(step: int, *, batch: int, total: int, seed: int) -> NDArray[np.int64]:
    """Clip indices of one step, shape [batch]; an epoch's incomplete last batch is dropped.

    Raises:
        ValueError: there are fewer clips than one batch needs.
    """
    per_epoch = total // batch
    if per_epoch == 0:
        raise ValueError(f"{total} clips do not fill one batch of {batch}")
    epoch, position = divmod(step, per_epoch)
    return _order(total, seed, epoch)[position * batch : (position + 1) * batch]
