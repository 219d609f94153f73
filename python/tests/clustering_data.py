"""Features whose structure is known: planted clusters, noise of several kinds, copies."""

import numpy as np

CLIPS, WIDTH = 468, 192  # as the shipped samples with gama-tiny


def planted(seed, *, clips=480, width=WIDTH, clusters=12, distance=1.0, equal=True):
    """Gaussian clusters, and the truth; the noise of a clip is 1 in each column."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((clusters, width)) * distance
    if equal:
        truth = np.repeat(np.arange(clusters), clips // clusters)
    else:  # from about 15 clips to about 90
        truth = np.sort(
            rng.choice(clusters, clips, p=np.arange(2, clusters + 2) / sum(range(2, clusters + 2)))
        )
    return centres[truth] + rng.standard_normal((len(truth), width)), truth


def gaussian(seed, clips=CLIPS, width=WIDTH):
    return np.random.default_rng(seed).standard_normal((clips, width))


def uniform(seed, clips=CLIPS, width=WIDTH):
    return np.random.default_rng(seed).uniform(size=(clips, width))


def blob(seed, clips=CLIPS, width=WIDTH):
    """One Gaussian blob whose variances fall as 1/rank along random directions: no clusters, much shape."""
    rng = np.random.default_rng(seed)
    directions = np.linalg.qr(rng.standard_normal((width, width)))[0]
    return rng.standard_normal((clips, width)) / np.sqrt(np.arange(1, width + 1)) @ directions.T


def uneven(seed, sources=20, each=14, width=WIDTH):
    """Gaussian sources, some of whose clips are much more alike than those of others; and the sources."""
    rng = np.random.default_rng(seed)
    spread = np.where(np.arange(sources) < 5, 0.15, 1.5)
    means = np.repeat(rng.standard_normal((sources, width)), each, axis=0)
    features = means + np.repeat(spread, each)[:, None] * rng.standard_normal((sources * each, width))
    return features, np.repeat([f"s{index}" for index in range(sources)], each)


def copies(seed, clips=CLIPS, width=WIDTH):
    """A blob in which each source gave three clips that hardly differ, and the sources."""
    sources = blob(seed, clips // 3, width)
    features = np.repeat(sources, 3, axis=0) + 0.05 * blob(seed + 1, clips, width)
    return features, np.repeat([f"s{index}" for index in range(clips // 3)], 3)
