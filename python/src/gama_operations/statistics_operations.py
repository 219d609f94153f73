"""The operations on features and scores: what can be read off them, and how far to believe it.

They need no model. The numeric modules give dataclasses; here these become the wire's results.
"""

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


def probe(_session: Session, data: ProbeData, call: Call) -> ProbeResult:
    """Read labels off features, on sources never seen."""
    with call.importing("gama_operations.probes"):
        from gama_operations.probes import probe as run_probe

    with call.memory.phase("probe"):
        outcome = run_probe(
            call.tensors.read_rows(data.features),
            data.labels,
            data.groups,
            kind=data.kind,
            folds=data.folds,
            fold=data.fold,
            seed=data.seed,
            check=call.check,
        )
    return from_outcome(outcome, ProbeResult, **costs(call))


def few_shot(_session: Session, data: FewShotData, call: Call) -> FewShotResult:
    """Read labels off features with a handful of examples."""
    with call.importing("gama_operations.few_shot"):
        from gama_operations.few_shot import few_shot as run_few_shot

    with call.memory.phase("probe"):
        outcome = run_few_shot(
            call.tensors.read_rows(data.features),
            data.labels,
            data.groups,
            per_label=data.per_label,
            draws=data.draws,
            folds=data.folds,
            fold=data.fold,
            seed=data.seed,
            check=call.check,
        )
    return from_outcome(outcome, FewShotResult, **costs(call))


def probe_tags(_session: Session, data: ProbeTagsData, call: Call) -> ProbeTagsResult:
    """Read several labels off features, on sources never seen."""
    with call.importing("gama_operations.probe_tags"):
        from gama_operations.probe_tags import probe_tags as run_probe_tags

    with call.memory.phase("probe"):
        outcome = run_probe_tags(
            call.tensors.read_rows(data.features),
            data.tags,
            data.groups,
            folds=data.folds,
            fold=data.fold,
            seed=data.seed,
            check=call.check,
        )
    return ProbeTagsResult(
        names=outcome.names,
        scores=call.tensors.write(outcome.scores),
        ap=outcome.ap,
        mean_ap=outcome.mean_ap,
        fold=outcome.fold,
        settings=outcome.settings,
        sources=outcome.sources,
        processing_time=call.memory.seconds,
        memory_usage=call.memory.usage(),
    )


def retrieve(_session: Session, data: RetrieveData, call: Call) -> RetrieveResult:
    """Let each clip ask the clips of other sources."""
    with call.importing("gama_operations.retrieval"):
        from gama_operations.retrieval import retrieve as run_retrieve

    with call.memory.phase("retrieve"):
        features = call.tensors.read_rows(data.features)
        outcome = run_retrieve(features, data.labels, data.groups, ks=data.ks, check=call.check)
    return from_outcome(outcome, RetrieveResult, **costs(call))


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
