"""The operations on features and scores: what can be read off them, and how far to believe it.

They need no model. The numeric modules give dataclasses; here these become the wire's results.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from gama_operations.call import Call
from gama_operations.protocol import (
    ClusterData,
    ClusterResult,
    CompareData,
    CompareResult,
    FewShotData,
    FewShotResult,
    ProbeData,
    ProbeResult,
    ProbeTagsData,
    ProbeTagsResult,
    RetrieveData,
    RetrieveResult,
)
from gama_operations.session import Session

Result = TypeVar("Result", bound=msgspec.Struct)
Outcome = TypeVar("Outcome")


def probe(_session: Session, data: ProbeData, call: Call) -> ProbeResult:
    """Read labels off features, on sources never seen."""
    with call.importing("gama_operations.probes"):
        from gama_operations.probes import probe as run

    return from_outcome(_read_off(run, data, call, "probe"), ProbeResult, **costs(call))


def few_shot(_session: Session, data: FewShotData, call: Call) -> FewShotResult:
    """Read labels off features with a handful of examples."""
    with call.importing("gama_operations.few_shot"):
        from gama_operations.few_shot import few_shot as run

    return from_outcome(_read_off(run, data, call, "probe"), FewShotResult, **costs(call))


def probe_tags(_session: Session, data: ProbeTagsData, call: Call) -> ProbeTagsResult:
    """Read several labels off features, on sources never seen."""
    with call.importing("gama_operations.probe_tags"):
        from gama_operations.probe_tags import probe_tags as run

    found = _read_off(run, data, call, "probe")
    fields = {field.name: getattr(found, field.name) for field in dataclasses.fields(found)}
    usage = call.memory.usage()
    # As a list of numbers the table would be many times as large.
    fields["scores"] = call.tensors.write(found.scores)
    return ProbeTagsResult(**fields, processing_time=call.memory.seconds, memory_usage=usage)


def retrieve(_session: Session, data: RetrieveData, call: Call) -> RetrieveResult:
    """Let each clip ask the clips of other sources."""
    with call.importing("gama_operations.retrieval"):
        from gama_operations.retrieval import retrieve as run

    return from_outcome(_read_off(run, data, call, "retrieve"), RetrieveResult, **costs(call))


def _read_off(
    run: Callable[..., Outcome],
    data: ProbeData | FewShotData | ProbeTagsData | RetrieveData,
    call: Call,
    phase: str,
) -> Outcome:
    """Run a numeric function on the features; its other arguments have the names of the wire's fields."""
    settings = {name: getattr(data, name) for name in data.__struct_fields__ if name != "features"}
    with call.memory.phase(phase):
        return run(call.tensors.read_rows(data.features), **settings, check=call.check)


def compare(_session: Session, data: CompareData, call: Call) -> CompareResult:
    """Difference of two arms on the same clips, by source."""
    with call.importing("gama_operations.statistics"):
        import numpy as np

        from gama_operations.statistics import compare_paired

    with call.memory.phase("compare"):
        outcome = compare_paired(
            np.array(data.a, dtype=np.float64),
            np.array(data.b, dtype=np.float64),
            data.groups,
            level=data.level,
            permutations=data.permutations,
            seed=data.seed,
        )
    return from_outcome(outcome, CompareResult, **costs(call))


def cluster(_session: Session, data: ClusterData, call: Call) -> ClusterResult:
    """Find clusters, and how far to believe them.

    Raises:
        InvalidRequestError: features, labels, groups and k do not fit each other.
    """
    with call.importing("gama_operations.clustering"):
        from gama_operations.clustering import cluster as run_cluster
        from gama_operations.clustering_fit import Recipe
        from gama_operations.clustering_watch import Watch

    outcome = run_cluster(
        call.tensors.read_rows(data.features),
        Recipe(
            method=data.method,
            reduction=data.reduction,
            dimensions=data.dimensions,
            clusters=data.clusters,
            min_cluster_size=data.min_cluster_size,
            min_samples=data.min_samples,
        ),
        labels=data.labels,
        groups=data.groups,
        show_map=data.map,
        draws=data.draws,
        nulls=data.nulls if data.evidence else None,
        seed=data.seed,
        watch=Watch(call.check, call.memory.phase, call.progress),
    )
    return from_outcome(outcome, ClusterResult, **costs(call))


def costs(call: Call) -> dict[str, Any]:
    """What an answer of the statistics says beside its numbers."""
    usage = call.memory.usage()
    return {"processing_time": call.memory.seconds, "memory_usage": msgspec.to_builtins(usage)}


def from_outcome(outcome: Any, result: type[Result], **more: Any) -> Result:
    """A dataclass of the numeric modules in the wire's form; numpy's scalars and arrays become plain."""
    plain = msgspec.to_builtins(outcome, enc_hook=lambda value: value.tolist())
    return msgspec.convert(plain | more, result)
