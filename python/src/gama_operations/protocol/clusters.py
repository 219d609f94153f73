"""Clusters of features."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from gama_operations.protocol.memory import MemoryUsage
from gama_operations.protocol.scalars import Seed
from gama_operations.protocol.tensors import Tensor


class ClusterData(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of `cluster`: groups in features, with the evidence for them. Progress stages:
    reduce, cluster, evidence, map.
    """

    features: Tensor | list[list[float]]
    """[clips, features]; a row with NaN is a failed clip and is left out."""
    method: Literal["hdbscan", "kmeans"] = "hdbscan"
    reduction: Literal["spectral", "pca", "none"] = "spectral"
    dimensions: Annotated[int, Meta(ge=1, le=256)] = 10
    """Of the reduction."""
    clusters: Annotated[int, Meta(ge=2)] | None = None
    """k of k-means, which needs it; HDBSCAN finds the number itself."""
    min_cluster_size: Annotated[int, Meta(ge=2)] = 10
    min_samples: Annotated[int, Meta(ge=1)] = 3
    labels: list[str] | None = None
    """Known classes, for the agreement; they never enter the clustering."""
    groups: list[str] | None = None
    """Source of each clip: labels are permuted by whole sources where each source has one label."""
    map: bool = True
    """Also place the clips in two dimensions, for display only."""
    evidence: bool = True
    """Also measure stability, against features without structure."""
    draws: Annotated[int, Meta(ge=2, le=1000)] = 10
    """Bootstrap draws per stability."""
    nulls: Annotated[int, Meta(ge=1, le=1000)] = 19
    """Data sets without structure, of each kind, that stability is held against."""
    seed: Seed = 0


class ClusterAgreement(Struct, frozen=True, forbid_unknown_fields=True):
    """Agreement with labels; noise counts as one cluster of its own."""

    ami: float
    """Adjusted mutual information: 0 by chance, 1 the same partition."""
    ari: float
    """Adjusted Rand index."""
    v_measure: float
    """Harmonic mean of the next two; not adjusted for chance, it grows with the number of clusters."""
    homogeneity: float
    """1 where each cluster has one label."""
    completeness: float
    """1 where each label lies in one cluster."""
    permuted_ami: list[float]
    """The same for permuted labels, one per permutation."""
    permuted_ari: list[float]
    permuted: Literal["sources", "clips"]
    """What was permuted."""
    p_value: float
    """Share of label permutations (and the labels themselves) with as high an AMI."""


class ClusterStability(Struct, frozen=True, forbid_unknown_fields=True):
    """Does the same come out again, and more so than of features without structure?"""

    bootstrap: float
    """Mean ARI, on shared clips, between the clustering of a bootstrap draw and that of all clips."""
    seeds: float
    """Mean ARI between the clusterings of all clips with other seeds and this one."""
    permuted_columns: list[float]
    """`bootstrap` of the same features with each column permuted by itself, one per null data set."""
    gaussian: list[float]
    """`bootstrap` of Gaussian noise with the features' own covariance: one blob, no clusters."""
    p_value: float
    """Share of null data sets (and the features themselves) as stable, of the harder of the two kinds."""
    verdict: Literal["structure", "no structure"]
    """`structure`: more than one blob would show, which a bent or skewed cloud is, too."""
    reason: str
    """The verdict in one sentence, with its numbers."""


class ClusterResult(Struct, frozen=True, forbid_unknown_fields=True):
    """Result of `cluster`."""

    assignments: list[int | None]
    """Per clip: its cluster (0 is the largest), -1 for noise, null for a clip that was left out."""
    clusters: int
    sizes: list[int]
    noise_share: float
    left_out: int
    map: list[list[float] | None] | None
    """[clips, 2]: t-SNE, seeded; distances in it mean little, and nothing is computed from it."""
    trustworthiness: float | None
    """Of the map, in [0, 1]: whether neighbours in it are neighbours in the features (Venna & Kaski 2001)."""
    agreement: ClusterAgreement | None
    """null without labels, or where all are the same."""
    stability: ClusterStability | None
    """null without `evidence`."""
    settings: str
    """What was done, in words, with the versions that it depends on."""
    processing_time: float
    memory_usage: MemoryUsage
