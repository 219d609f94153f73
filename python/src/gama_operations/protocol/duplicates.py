"""One recording on two sides of a split: copies that are planted, and what is found with their help."""

from typing import Annotated

from msgspec import Meta, Struct

from gama_operations.protocol.audio import Audio
from gama_operations.protocol.memory import MemoryUsage
from gama_operations.protocol.scalars import Index, Seed
from gama_operations.protocol.tensors import Tensor


class PlantCopyData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `plant_copy`: a clip as it might stand elsewhere in a data set, to be looked for."""

    audio: Audio
    """Samples need their `sample_rate`."""
    duration: Annotated[float, Meta(gt=0)] | None = None
    """Of so many seconds from the beginning; of the whole clip when absent, or shorter."""
    seed: Seed = 0


class PlantCopyResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `plant_copy`: 6 dB softer, 50 ms cut off its beginning, noise 40 dB below it."""

    samples: Tensor
    """float32 [channels, samples]."""
    sample_rate: int
    """Hz."""
    processing_time: float
    memory_usage: MemoryUsage


class ArmFeatures(Struct, frozen=True, forbid_unknown_fields=True):
    """What one model makes of the clips, and of the planted copies."""

    features: Tensor | list[list[float | None]]
    """[clips, features]; a row with NaN (null in JSON) is a failed clip."""
    planted: Tensor | list[list[float | None]]
    """[copies, features]."""


class NearDuplicatesData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `near_duplicates`: does one recording stand on two sides? Progress stages: compare,
    verify, verify planted.
    """

    audios: list[Audio]
    """Samples need their `sample_rate`."""
    sides: list[str]
    """Of each clip: what may not meet, a fold or a source."""
    arms: list[ArmFeatures]
    """At least one."""
    copies: list[Audio]
    """At least one; of `plant_copy`, as the arms heard them."""
    originals: list[Index]
    """The clip that each copy was made of."""
    duration: Annotated[float, Meta(gt=0)] | None = None
    """The first seconds of each clip are compared; all of it when absent."""


class ArmSearch(Struct, frozen=True, forbid_unknown_fields=True):
    """What one arm alone would find."""

    threshold: float | None
    """Cosine of centred features from which a neighbour is a candidate: 1 less twice the distance within
    which 95 % of the planted copies are of their originals. null: it heard no copy."""
    candidates: int
    planted_found: int
    """Planted copies among whose nearest clips their original is, and near enough."""
    used: bool
    """Whether its candidates were heard; arms are taken, that with fewest candidates first, until 95 % of the
    planted copies are among them."""


class AlikePair(Struct, frozen=True, forbid_unknown_fields=True):
    """Two clips of one recording."""

    a: Index
    b: Index
    correlation: float
    """Of the waveforms where they fit best, within a second."""
    flat_correlation: float
    """The same after their spectrum was made flat: a shared hum or tone is not enough."""
    lag_seconds: float
    """How much later the sound comes in `b`."""


class NearDuplicatesResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `near_duplicates`."""

    duplicates: list[AlikePair]
    arms: list[ArmSearch]
    candidates: int
    """Pairs that were heard."""
    alike: int
    """Those of them that are two recordings."""
    planted: int
    planted_found: int
    """Planted copies that were found, candidates and waveforms together."""
    nearest: int
    """Neighbours of each clip that were looked at: 5; where all arms together showed less than 95 % of the
    planted copies 10, 20 or 40."""
    processing_time: float
    memory_usage: MemoryUsage
