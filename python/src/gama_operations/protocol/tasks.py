"""What is read off features: probes, few-shot draws, tags, searches."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from gama_operations.protocol.memory import MemoryUsage
from gama_operations.protocol.scalars import Interval, Seed
from gama_operations.protocol.tensors import Tensor


class ProbeData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `probe`: can the label be read off the features, on sources never seen?"""

    features: Tensor | list[list[float | list[float | None]]]
    """[clips, features]; for `layers` [clips, layers, features]; for `attention` [clips, frames, features],
    where frames beyond the end of a clip are NaN (null in JSON)."""
    labels: list[str]
    groups: list[str]
    """Source of each clip (preset, voice, speaker): no source stands in training and test fold at once."""
    kind: Literal["linear", "knn", "mlp", "layers", "attention"]
    """`mlp` is a network of one hidden layer. `layers` learns a weight for each layer (softmax), `attention`
    one for each frame (softmax of a learnt query), with a linear classifier, and on the training fold alone.
    """
    folds: Annotated[int, Meta(ge=2)] = 5
    fold: list[int] | None = None
    """Of each clip, from 0, where a benchmark has its own; a clip of -1 trains always and is never judged."""
    seed: Seed = 0


class ProbeResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `probe`. Same labels, groups, folds and seed give the same folds for every model."""

    accuracy: float
    interval: Interval | None
    reason: str | None
    """Why there is no interval."""
    correct: list[bool]
    """Per clip, when it was in the test fold."""
    predictions: list[str]
    fold: list[int]
    settings: list[str]
    """Per fold: what was chosen inside the training fold, for example `alpha=10`."""
    inner: list[float]
    """Per fold: accuracy on source-disjoint folds of its training clips, by which one may choose."""
    parameters: int
    """Numbers that were fitted, in the largest fold; 0 for `knn`."""
    layer_weights: list[list[float]] | None
    """Of `layers`: per fold, the weight of each layer; they sum to 1."""
    majority: float
    """Accuracy of always saying the training fold's most frequent label."""
    sources: int
    processing_time: float
    memory_usage: MemoryUsage


class FewShotData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `few_shot`: how much can be read off the features with a handful of examples?"""

    features: Tensor | list[list[float | None]]
    """[clips, features]; a row with NaN (null in JSON) is a failed clip."""
    labels: list[str]
    groups: list[str]
    """Source of each clip: examples come from other sources than the clips that they are judged by."""
    per_label: Annotated[int, Meta(ge=1)] = 8
    draws: Annotated[int, Meta(ge=1, le=1000)] = 10
    folds: Annotated[int, Meta(ge=2)] = 5
    fold: list[int] | None = None
    """As for `probe`; a clip of -1 may be an example and is never judged."""
    seed: Seed = 0


class FewShotResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `few_shot`. Same labels, groups, folds and seed give the same examples for every model."""

    accuracy: float
    interval: Interval | None
    """By source; without the variance of the draws, which `draws` shows."""
    reason: str | None
    share: list[float]
    """Per clip: share of the draws after which it is right; 0 for one that is not judged."""
    draws: list[float]
    """Accuracy of each draw."""
    fold: list[int]
    notes: list[str]
    """Labels with too few clips, failed clips."""
    sources: int
    processing_time: float
    memory_usage: MemoryUsage


class ProbeTagsData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `probe_tags`: can each of several labels be read off the features?"""

    features: Tensor | list[list[float]]
    """[clips, features]; a row with NaN is a failed clip."""
    tags: list[list[str]]
    """Of each clip; it may have none."""
    groups: list[str]
    folds: Annotated[int, Meta(ge=2)] = 5
    fold: list[int] | None = None
    """As for `probe`; a clip of -1 only trains."""
    seed: Seed = 0


class ProbeTagsResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `probe_tags`."""

    names: list[str]
    """The tags, sorted."""
    scores: Tensor
    """[clips, tags]; NaN for clips that only train; failed clips stand below all others."""
    ap: list[float | None]
    """Average precision of each tag over the judged clips; null where none has it."""
    mean_ap: float
    """Macro mean: mAP."""
    fold: list[int]
    settings: list[str]
    sources: int
    processing_time: float
    memory_usage: MemoryUsage


class RetrieveData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `retrieve`: are the nearest clips of other sources of the same label?"""

    features: Tensor | list[list[float | None]]
    """[clips, features]; a row with NaN (null in JSON), or of zeros only, is a failed clip."""
    labels: list[str]
    groups: list[str]
    """Source of each clip: a query's own source is not in its gallery."""
    ks: list[int]


class RetrieveResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `retrieve`: by cosine, nothing is fitted; of equal cosines other labels come first."""

    ks: list[int]
    recall: list[float]
    """Per k: share of the queries that have their label among the nearest k."""
    mean_ap: float
    hits: list[list[bool]]
    """[clips, ks]."""
    ap: list[float]
    """Average precision of each clip's ranking."""
    asked: list[bool]
    """False where no other source has the label: such a clip counts nowhere."""
    failed: int
    processing_time: float
    memory_usage: MemoryUsage
