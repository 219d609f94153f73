"""How far embeddings move when the audio is changed in a way that leaves the sound the same, or nearly so.

Shapes: C channels, T samples, D features.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gama_operations.models.surface import AudioModel, Waveform

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is expected of a model under one change, and why."""

    kind: Literal["exact", "within", "no", "unstated"]
    """Nothing may change, within the tolerance, not expected to hold, or nobody has said."""
    reason: str
    tolerance: float | None = None
    """Largest allowed difference, relative to the norm of the embedding; only with `within`."""


@dataclass(frozen=True, slots=True)
class Row:
    """One change, over all clips."""

    change: str
    compared: str
    clips: int
    difference: float
    """Largest ‖b - a‖ / ‖a‖."""
    cosine: float
    """Smallest cosine of a and b."""
    of_distance: float
    """Largest ‖b - a‖ in units of the median distance between two clips: 1 is as far as another sound."""
    expected: Expectation

    @property
    def holds(self) -> bool | None:
        """Whether it is as expected; None where nothing is expected."""
        match self.expected.kind:
            case "exact":
                return self.difference == 0.0
            case "within":
                return self.difference <= (self.expected.tolerance or 0.0)
            case _:
                return None

    def as_json(self) -> dict[str, Any]:
        """The row as a record holds it; None for a number that is not finite, which JSON does not have."""
        plain = {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in asdict(self).items()
        }
        return plain | {"holds": self.holds}


@dataclass(slots=True)
class Subject:
    """A model and the clips that it hears; what each gives alone is what most is compared with."""

    model: AudioModel
    clips: Sequence[Waveform]
    layer: str
    alone: list[Vector] = field(init=False)
    distance: float = field(init=False)
    """Median distance between two different clips."""

    def __post_init__(self) -> None:
        """Embeds each clip alone."""
        self.alone = self.each(self.clips)
        pairs = combinations(self.alone, 2)
        self.distance = float(np.median([np.linalg.norm(a - b) for a, b in pairs]))

    def each(self, clips: Sequence[Waveform]) -> list[Vector]:
        """Embeddings of clips [C, T], one call for each."""
        return [self.together([clip])[0] for clip in clips]

    def together(self, clips: Sequence[Waveform]) -> list[Vector]:
        """Embeddings of clips [C, T] that are given at once."""
        return [found.features for found in self.model.embed(clips, layer=self.layer)]


def measure(
    change: str,
    compared: str,
    subject: Subject,
    pairs: Sequence[tuple[Vector, Vector]],
    expected: Expectation,
) -> Row:
    """A row from pairs of an embedding and what it becomes."""
    # in double: the sums of squares of float32 would round away what is looked for
    before = [a.astype(np.float64) for a, _ in pairs]
    after = [b.astype(np.float64) for _, b in pairs]
    moved = [float(np.linalg.norm(b - a)) for a, b in zip(before, after, strict=True)]
    norms = [float(np.linalg.norm(a)) for a in before]
    cosines = [
        _ratio(float(a @ b), float(np.linalg.norm(a) * np.linalg.norm(b)))
        for a, b in zip(before, after, strict=True)
    ]
    return Row(
        change,
        compared,
        len(pairs),
        max(_ratio(distance, norm) for distance, norm in zip(moved, norms, strict=True)),
        min(cosines) if all(map(math.isfinite, cosines)) else -math.inf,
        max(_ratio(distance, subject.distance) for distance in moved),
        expected,
    )


def _ratio(part: float, whole: float) -> float:
    """0 / 0 is no difference; NaN is infinitely far from all, or it would be dropped by `max`."""
    if part == 0.0 and whole == 0.0:
        return 0.0
    found = part / whole if whole else math.inf
    return math.inf if math.isnan(found) else found
