"""Data sets with known truths, for simulations: clips in sources that are alike, and planted differences."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SAMPLES = Path(__file__).parents[2] / "datasets" / "samples" / "manifest.jsonl"
LIKENESS = 1 / 3  # intra-class correlation of both kinds below


@dataclass(frozen=True)
class Draw:
    """Differences of two arms that do not differ."""

    groups: np.ndarray
    a: np.ndarray
    b: np.ndarray


def sizes_of(rng, sources, clips=(1, 15)):
    return rng.integers(clips[0], clips[1] + 1, sources)


def names_of(sizes):
    return np.repeat([f"s{index:04d}" for index in range(len(sizes))], sizes)


def equal_arms(rng, kind, sources, clips=(1, 15)):
    """Two arms of the same quality; each is right on sources of its own."""
    sizes = sizes_of(rng, sources, clips)
    if kind == "scores":
        a = np.repeat(rng.normal(0, 1, sources), sizes) + rng.normal(0, 2**0.5, sizes.sum())
        return Draw(names_of(sizes), a, np.zeros(len(a)))
    # beta(1.4, 0.6): mean .7, intra-class correlation 1 / (1 + 2)
    a, b = (rng.random(sizes.sum()) < np.repeat(rng.beta(1.4, 0.6, sources), sizes) for _ in "ab")
    return Draw(names_of(sizes), a.astype(float), b.astype(float))


def unequal_arms(rng, sizes, discordance, difference, likeness):
    """Sums of differences by source: each source has its own chances that the one or the other arm is right.

    They are Dirichlet, by which clips of a source are alike by 1 / (1 + concentration); the power card thinks
    of clips that repeat their source.
    """
    better, worse = (discordance + difference) / 2, (discordance - difference) / 2
    chances = rng.dirichlet((1 / likeness - 1) * np.array([better, worse, 1 - discordance]), len(sizes))
    counts = rng.multinomial(sizes, chances)
    return (counts[:, 0] - counts[:, 1]).astype(float)


def sample_sources():
    """The source of each shipped clip."""
    return [json.loads(line)["clusterId"] for line in SAMPLES.read_text().splitlines()]
