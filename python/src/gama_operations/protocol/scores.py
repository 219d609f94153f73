"""Candidate texts, ranked by how likely a model finds them."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from gama_operations.protocol.audio import Audio
from gama_operations.protocol.errors import ClipFailure
from gama_operations.protocol.memory import MemoryUsage
from gama_operations.protocol.models import DType


class ScoreData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `score`: how likely is each candidate as the answer about a clip? Progress stage:
    score.
    """

    audios: Annotated[list[Audio], Meta(min_length=1)]
    candidates: Annotated[list[str], Meta(min_length=1)]
    prompt: str | None = None
    """Default: the model's own request for a description."""
    model: str | None = None
    """As in `process_audio`."""
    end: bool = True
    """Whether it counts that the answer ends with the candidate. Without, one that begins another one is
    always the likelier of the two."""
    cache: bool = True
    """As in `process_audio`."""
    disk: bool = False
    """As in `describe`."""
    long_audio: Literal["truncate", "error"] = "truncate"
    """As in `process_audio`; a clip has one row of scores, so there are no windows."""


class ClipScores(Struct, frozen=True, forbid_unknown_fields=True):
    """Of one clip, per candidate."""

    log_probabilities: list[float]
    """Natural logarithm: the sum over the candidate's tokens."""
    mean_log_probabilities: list[float]
    """The same by token: for candidates of which some are longer than others."""
    seconds_heard: float
    seconds_given: float
    cached: bool
    """As in `process_audio`."""


class ScoreResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `score`."""

    clips: list[ClipScores | None]
    """null for a clip that could not be used: `failures` says why."""
    candidates: list[str]
    tokens: list[int]
    """Per candidate, with the end of the answer where it counts."""
    prompt: str
    from_disk: bool
    """As in `describe`."""
    processing_time: float
    memory_usage: MemoryUsage
    model_id: str
    revision: str
    device: str
    dtype: DType
    failures: list[ClipFailure]
