"""The operations: each takes its `data` and the running call, and returns its result.

Nothing heavy is imported here: torch, numpy and the models come with the first operation that needs them.
"""

import os
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from gama_operations.answering import describe, process_audio, stream_answer
from gama_operations.call import Call
from gama_operations.duplicate_operations import near_duplicates, plant_copy
from gama_operations.embedding_rule import check_rule, embedded_layers, resolve_layer, window_and_hop
from gama_operations.errors import InvalidRequestError
from gama_operations.extraction import extract_in_parts, extract_many, extract_one
from gama_operations.extraction_rows import Extraction, reply_features
from gama_operations.inspection import inspect_audio
from gama_operations.judging_operations import anytime, judge, judge_cost, power
from gama_operations.machine import give_back_memory
from gama_operations.memory_counters import read_resident
from gama_operations.protocol import (
    OPERATIONS,
    ExtractFeaturesData,
    ExtractFeaturesResult,
    FeaturesPart,
    FreeMemoryData,
    FreeMemoryResult,
    LoadModelData,
    LoadModelResult,
    ReadEnergyData,
    ReadEnergyResult,
    StartProfileData,
    StartProfileResult,
    StopProfileData,
    StopProfileResult,
    UnloadModelData,
    UnloadModelResult,
)
from gama_operations.result_facts import result_facts
from gama_operations.scoring import score
from gama_operations.session import Session
from gama_operations.statistics_operations import (
    cluster,
    compare,
    few_shot,
    probe,
    probe_tags,
    retrieve,
)
from gama_operations.store_operations import STORE
from gama_operations.streams import RunInParts
from gama_operations.transcribing import transcribe

if TYPE_CHECKING:  # which imports numpy
    from gama_operations.models.surface import AudioModel

Run = Callable[[Any, Call], msgspec.Struct]


@dataclass(frozen=True, slots=True)
class BoundOperation:
    """An operation of the model thread: the type of its data, and what it does."""

    data: type[msgspec.Struct]
    run: Run
    run_in_parts: RunInParts | None = None
    """Where its answer may come in parts."""


def bind(session: Session) -> Mapping[str, BoundOperation]:
    """The table of operations that the model thread runs; the reader thread answers the others."""
    functions = {
        "load_model": load_model,
        "unload_model": unload_model,
        "process_audio": process_audio,
        "describe": describe,
        "score": score,
        "transcribe": transcribe,
        "extract_features": extract_features,
        "inspect_audio": inspect_audio,
        "plant_copy": plant_copy,
        "near_duplicates": near_duplicates,
        "probe": probe,
        "few_shot": few_shot,
        "probe_tags": probe_tags,
        "retrieve": retrieve,
        "compare": compare,
        "judge": judge,
        "power": power,
        "anytime": anytime,
        "judge_cost": judge_cost,
        "read_energy": read_energy,
        "cluster": cluster,
        **STORE,
        "start_profile": start_profile,
        "stop_profile": stop_profile,
        "free_memory": free_memory,
    }
    in_parts: dict[str, RunInParts] = {
        "process_audio": partial(stream_answer, session),
        "extract_features": partial(stream_features, session),
    }
    return {
        name: BoundOperation(OPERATIONS[name].data, partial(run, session), in_parts.get(name))
        for name, run in functions.items()
    }


def load_model(session: Session, data: LoadModelData, call: Call) -> LoadModelResult:
    """Load a model by name, or find it loaded."""
    model = session.load(data, call)
    usage = call.memory.usage()
    return LoadModelResult(session.describe(model), call.memory.seconds, usage)


def unload_model(session: Session, data: UnloadModelData, call: Call) -> UnloadModelResult:
    """Drop a model."""
    memory = call.memory  # from before
    unloaded = session.unload(data.model_id)
    return UnloadModelResult(unloaded, memory.usage())


def read_energy(session: Session, _data: ReadEnergyData, _call: Call) -> ReadEnergyResult:
    """Counters of the hardware that the loaded models run on."""
    from gama_operations.energy import read_counters  # and with it ctypes

    counters, reason = read_counters([model.info.device for model in session.models.values()])
    return ReadEnergyResult(counters, reason)


def extract_features(session: Session, data: ExtractFeaturesData, call: Call) -> ExtractFeaturesResult:
    """Features of one clip, or of many.

    Raises:
        InvalidRequestError: not exactly one of `audio` and `audios`.
    """
    _check_one_of_both(data)
    model = session.find(data.model, call)
    check_rule(model.info, data)
    if data.audio is not None:
        extraction = extract_one(model, data.audio, data, call)
    else:
        extraction = extract_many(model, data.audios or [], data, call)
    return _describe(extraction, model, data, call)


def stream_features(
    session: Session, data: ExtractFeaturesData, call: Call
) -> Generator[FeaturesPart, None, ExtractFeaturesResult]:
    """Features of many clips, in parts.

    Raises:
        InvalidRequestError: not exactly one of `audio` and `audios`; one clip; `composition: same`.
    """
    _check_one_of_both(data)
    if data.audios is None:
        raise InvalidRequestError("One clip does not come in parts: give `audios`, or leave `credit` out.")
    if data.composition == "same":
        raise InvalidRequestError("`composition: same` is of a whole call: leave `credit` out.")
    model = session.find(data.model, call)
    check_rule(model.info, data)
    extraction = yield from extract_in_parts(model, data.audios, data, call)
    return _describe(extraction, model, data, call)


def _check_one_of_both(data: ExtractFeaturesData) -> None:
    if (data.audio is None) == (data.audios is None):
        raise InvalidRequestError("Give either `audio` or `audios`, and not both.")


def _describe(
    extraction: Extraction, model: "AudioModel", data: ExtractFeaturesData, call: Call
) -> ExtractFeaturesResult:
    features = reply_features(extraction, data, call)
    window, hop = window_and_hop(model.info, data)
    return ExtractFeaturesResult(
        features=features,
        shape=list(extraction.features.shape),
        layer=resolve_layer(model.info, data.layer),
        layers=list(embedded_layers(model, data)),
        pooling=data.pooling,
        long_audio=data.long_audio,
        window_seconds=window,
        hop_seconds=hop,
        l2=data.l2,
        seconds_heard=extraction.seconds_heard,
        seconds_given=extraction.seconds_given,
        clip_seconds=extraction.clip_seconds,
        cached=extraction.cached,
        windows=extraction.windows,
        failures=extraction.failures,
        **result_facts(model, call),
    )


def start_profile(session: Session, data: StartProfileData, call: Call) -> StartProfileResult:
    """Write down every phase of every operation from now on.

    Raises:
        InvalidRequestError: too many profiles run already.
    """
    now = call.memory.account()
    number = session.profiles.start(data.interval, now, owner=call.tensors.owner)
    return StartProfileResult(number, os.getpid())


def stop_profile(session: Session, data: StopProfileData, call: Call) -> StopProfileResult:
    """End a profile, and tell what was in it.

    Raises:
        InvalidRequestError: no such profile runs here.
    """
    return session.profiles.stop(data.profile, call.memory.account(), call.tensors.owner)


def free_memory(session: Session, data: FreeMemoryData, call: Call) -> FreeMemoryResult:
    """Unload models, and give back to the system what the process holds and does not need."""
    with call.memory.phase("free"):
        unloaded = [model_id for model_id in data.models if session.unload(model_id)]
        for model in session.models.values():
            model.forget()
        give_back_memory()
    usage = call.memory.usage()
    left = read_resident()
    return FreeMemoryResult(unloaded, left.anonymous, left.file_mapped, left.shared, usage)
