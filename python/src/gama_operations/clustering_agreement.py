"""Agreement of clusters with known classes, beside that of permuted classes."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import (
    adjusted_mutual_info_score,
    adjusted_rand_score,
    homogeneity_completeness_v_measure,
)

from gama_operations.clustering_fit import Assignments
from gama_operations.clustering_watch import Watch
from gama_operations.protocol import ClusterAgreement

PERMUTATIONS = 99
# Share of the clips whose label is the commonest one of their source, from which on sources have labels.
PURE = 0.9


def label_agreement(
    found: Assignments,
    labels: NDArray[np.str_],
    groups: NDArray[np.str_] | None,
    seed: int,
    *,
    permutations: int = PERMUTATIONS,
    watch: Watch | None = None,
) -> ClusterAgreement:
    """AMI and ARI of clusters and labels [N], noise as one cluster; p of the AMI by permuting labels.

    Clips of one source have one label and are alike: as clips they would seem to be many witnesses. So labels
    are permuted by whole sources where sources have labels of their own (one odd clip among ten changes
    nothing), and else among the clips of each source, which keeps what the sources say about labels (without
    groups: among all clips).
    """
    known = np.unique(labels, return_inverse=True)[1]
    source = np.zeros(len(labels), np.intp) if groups is None else np.unique(groups, return_inverse=True)[1]
    counts = np.zeros((source.max() + 1, known.max() + 1))
    np.add.at(counts, (source, known), 1)
    of_source = counts.argmax(axis=1)
    by_sources = groups is not None and float((of_source[source] == known).mean()) >= PURE
    rng = np.random.default_rng(seed)
    ami, ari = list[float](), list[float]()
    for _ in range(permutations):
        (watch or Watch()).check()
        permuted = rng.permutation(of_source)[source] if by_sources else _within(known, source, rng)
        ami.append(float(adjusted_mutual_info_score(permuted, found)))
        ari.append(float(adjusted_rand_score(permuted, found)))
    observed = float(adjusted_mutual_info_score(known, found))
    homogeneity, completeness, v_measure = homogeneity_completeness_v_measure(known, found)
    return ClusterAgreement(
        ami=observed,
        ari=float(adjusted_rand_score(known, found)),
        v_measure=float(v_measure),
        homogeneity=float(homogeneity),
        completeness=float(completeness),
        permuted_ami=ami,
        permuted_ari=ari,
        permuted="sources" if by_sources else "clips",
        # rounding may part equal partitions by the last digit
        p_value=(1 + sum(value >= observed - 1e-12 for value in ami)) / (1 + permutations),
    )


def _within(labels: NDArray[np.intp], source: NDArray[np.intp], rng: np.random.Generator) -> NDArray[np.intp]:
    """Labels permuted among the clips of each source."""
    drawn = rng.permutation(len(labels))
    permuted = np.empty_like(labels)
    # both sides list the sources in the same order, one of them in a drawn order of clips
    permuted[np.argsort(source, kind="stable")] = labels[drawn[np.argsort(source[drawn], kind="stable")]]
    return permuted
