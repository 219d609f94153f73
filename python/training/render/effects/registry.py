"""The table of synthetic sounds: each is a function of a parameter vector and a random generator."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from training.render.dsp import Rng, Wave


@dataclass(frozen=True)
class Parameters:
    """A source's parameter vector with values in [0, 1], read through named physical ranges."""

    values: np.ndarray

    def linear(self, index: int, low: float, high: float) -> float:
        """Parameter `index` mapped linearly to [low, high]."""
        return float(low + (high - low) * self.values[index])

    def ratio(self, index: int, low: float, high: float) -> float:
        """Parameter `index` mapped geometrically to [low, high]; for frequencies and times."""
        return float(low * (high / low) ** self.values[index])


Strike = Callable[[Parameters, Rng], Wave]
Texture = Callable[[Parameters, Rng, int], Wave]


@dataclass(frozen=True)
class Countable:
    """A sound that happens a number of times; `brief` ones can be fast or slow."""

    strike: Strike
    size: int
    brief: bool


@dataclass(frozen=True)
class Continuous:
    """A sound that fills any time, and can lie behind others."""

    texture: Texture
    size: int


COUNTABLE: dict[str, Countable] = {}
CONTINUOUS: dict[str, Continuous] = {}


def countable(name: str, size: int, *, brief: bool = True) -> Callable[[Strike], Strike]:
    """Register a function that renders one occurrence of the sound."""

    def register(strike: Strike) -> Strike:
        COUNTABLE[name] = Countable(strike, size, brief)
        return strike

    return register


def continuous(name: str, size: int) -> Callable[[Texture], Texture]:
    """Register a function that renders n samples of the sound."""

    def register(texture: Texture) -> Texture:
        CONTINUOUS[name] = Continuous(texture, size)
        return texture

    return register
