"""The wire's `cluster`: features in, clusters with evidence out."""

from typing import TYPE_CHECKING

from gama_operations.call import Call
from gama_operations.protocol import ClusterData, ClusterResult

if TYPE_CHECKING:
    from gama_operations.session import Session


def cluster(_session: "Session", data: ClusterData, call: Call) -> ClusterResult:
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
    usage = call.memory.usage()
    return ClusterResult(
        assignments=outcome.assignments,
        clusters=outcome.clusters,
        sizes=outcome.sizes,
        noise_share=outcome.noise_share,
        left_out=outcome.left_out,
        map=outcome.map,
        trustworthiness=outcome.trustworthiness,
        agreement=outcome.agreement,
        stability=outcome.stability,
        settings=outcome.settings,
        processing_time=call.memory.seconds,
        memory_usage=usage,
    )
