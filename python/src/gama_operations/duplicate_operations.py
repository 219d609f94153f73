"""The operations of the leakage doctor: copies to be planted, and the search for near duplicates."""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from gama_operations.call import Call
from gama_operations.hearing import as_source, decode_source
from gama_operations.protocol import (
    Audio,
    NearDuplicatesData,
    NearDuplicatesResult,
    PlantCopyData,
    PlantCopyResult,
)
from gama_operations.session import Session
from gama_operations.statistics_operations import costs, from_outcome

if TYPE_CHECKING:  # numpy comes with the first operation that needs it
    from gama_operations.audio import Audio as DecodedAudio
    from gama_operations.same_sound import Wave

_KEPT = 64  # decoded clips: pairs come in the order of their first clip


def plant_copy(_session: Session, data: PlantCopyData, call: Call) -> PlantCopyResult:
    """Make a copy of a clip as it might stand elsewhere in the data.

    Raises:
        OperationError: what `audio.decode` raises.
    """
    with call.importing("gama_operations.planted_copies"):
        from gama_operations.planted_copies import plant

    with call.memory.phase("decode"):
        decoded = _decoded(data.audio, data.duration, call)
        copy = plant(decoded.waveform, decoded.sample_rate, [data.seed])
    return PlantCopyResult(
        call.tensors.write(copy), decoded.sample_rate, call.memory.seconds, call.memory.usage()
    )


def near_duplicates(_session: Session, data: NearDuplicatesData, call: Call) -> NearDuplicatesResult:
    """Look for one recording on two sides of a split.

    Raises:
        InvalidRequestError: features, sides and copies do not fit each other.
        OperationError: a clip whose embedding is near another's cannot be decoded.
    """
    with call.importing("gama_operations.near_duplicates"):
        from gama_operations.clustering_watch import Watch
        from gama_operations.near_duplicates import ArmFeatures, near_duplicates as run_near_duplicates

    with call.memory.phase("near duplicates"):
        read = call.tensors.read_rows
        outcome = run_near_duplicates(
            [ArmFeatures(read(arm.features), read(arm.planted)) for arm in data.arms],
            data.sides,
            data.originals,
            hear=_hearing(data.audios, data.duration, call),
            hear_copy=_hearing(data.copies, None, call),
            watch=Watch(call.check, call.memory.phase, call.progress),
        )
    return from_outcome(outcome, NearDuplicatesResult, **costs(call))


def _hearing(audios: list[Audio], duration: float | None, call: Call) -> "Callable[[int], Wave]":
    """Clips by their place, mono and at one rate."""
    from gama_operations.audio import resample
    from gama_operations.same_sound import RATE

    @lru_cache(_KEPT)
    def hear(at: int) -> "Wave":
        return resample(_decoded(audios[at], duration, call), RATE).mean(axis=0, dtype="float64")

    return hear


def _decoded(audio: Audio, duration: float | None, call: Call) -> "DecodedAudio":
    """A clip's first seconds."""
    from dataclasses import replace

    from gama_operations.audio_limits import Part

    decoded = decode_source(as_source(audio), call.tensors)
    _, stop = Part(0.0, duration).frames(decoded.sample_rate)
    return replace(decoded, waveform=decoded.waveform[:, :stop])
