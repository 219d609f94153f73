"""What a judgement is made from: outcomes of two arms on the same clips, and the settings of the study."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gama_operations.statistics_sources import Numbers, Vector


@dataclass(frozen=True, slots=True)
class ClipOutcomes:
    """One number per clip and arm: right or wrong, a score, recall of a query. The mean is compared."""

    a: Numbers
    b: Numbers


@dataclass(frozen=True, slots=True)
class Answers:
    """One label per clip: macro-F1 is compared."""

    truth: Sequence[str]
    a: Sequence[str]
    b: Sequence[str]


@dataclass(frozen=True, slots=True)
class WordErrors:
    """Edits and true words per clip: their ratio, the word error rate, is compared. Lower is better."""

    a: Numbers
    b: Numbers
    words: Numbers


@dataclass(frozen=True, slots=True)
class TagScores:
    """Scores [clips, tags]: mean average precision is compared."""

    tags: NDArray[np.bool_]
    a: Vector
    b: Vector


@dataclass(frozen=True, slots=True)
class Clusterings:
    """A cluster per clip: its agreement with the labels is compared."""

    labels: Sequence[str]
    a: Sequence[int]
    b: Sequence[int]
    measure: Literal["v_measure", "ari", "ami"] = "v_measure"


Observations = ClipOutcomes | Answers | WordErrors | TagScores | Clusterings


@dataclass(frozen=True, slots=True)
class Settings:
    """Of the statistics of a study."""

    level: float = 0.95
    """Of the intervals."""
    alpha: float = 0.05
    permutations: int = 9999
    """Most flips that are enumerated or drawn."""
    resamples: int = 9999
    """Of bootstraps."""
    seed: int = 0
