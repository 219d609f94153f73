"""Retrieval: are the clips that lie nearest of the same label, though from other sources?

Each clip asks all clips of other sources, by cosine. Nothing is fitted.
recall@k: whether one of the nearest k has the query's label (Oh Song et al., CVPR 2016, section 5.1); AP:
average precision of the ranking of the whole gallery (Manning, Raghavan and Schuetze, "Introduction to
Information Retrieval", section 8.4), its mean over queries is the mAP. Of equal cosines those of other labels
come first: features that tell nothing apart earn nothing.
Shapes: N clips, D features.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gama_operations.errors import InvalidRequestError
from gama_operations.probe_clips import nothing, probe_clips

QUERIES_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class RetrievalOutcome:
    """What queries found; field by field what the wire's RetrieveResult says."""

    ks: list[int]
    recall: list[float]
    mean_ap: float
    hits: list[list[bool]]
    ap: list[float]
    asked: list[bool]
    failed: int


def retrieve(
    features: NDArray[Any],
    labels: Sequence[str],
    groups: Sequence[str],
    *,
    ks: Sequence[int] = (1, 5, 10),
    check: Callable[[], None] = nothing,
) -> RetrievalOutcome:
    """recall@k and average precision of each clip as a query.

    Args:
        features: [N, D]; a clip with NaN or infinity, or of zeros only, has failed: as a query it finds
            nothing, and nobody finds it.
        labels: the class of each clip.
        groups: the source of each clip; a query's own source is not in its gallery.
        ks: of recall@k.
        check: called between blocks of queries; raises when the caller gave up.

    A query whose label no other source has cannot be answered: it is not asked, and counts nowhere.

    Raises:
        InvalidRequestError: lengths that differ, one source or one class only, a k below 1, no query at all.
    """
    if not ks or min(ks) < 1:
        raise InvalidRequestError(f"Expected `ks` of at least 1, got {list(ks)}")
    clips = probe_clips(features, labels, groups)
    norms = np.linalg.norm(clips.x, axis=1)
    usable = np.isfinite(norms) & (norms > 0)
    unit = np.where(usable[:, None], clips.x, 0) / np.where(usable, norms, 1)[:, None]
    label, source = (np.unique(names, return_inverse=True)[1] for names in (clips.y, clips.source))
    count = len(label)
    hits, ap, asked = np.zeros((count, len(ks)), bool), np.zeros(count), np.zeros(count, bool)
    for first in range(0, count, QUERIES_AT_ONCE):
        check()
        block = slice(first, first + QUERIES_AT_ONCE)
        similarity = unit[block] @ unit.T
        for at, cosine in enumerate(similarity, start=first):
            other = source != source[at]
            asked[at] = bool((other & (label == label[at])).any())
            gallery = other & usable
            if not asked[at] or not usable[at] or not gallery.any():
                continue
            relevant = label[gallery] == label[at]
            ranked = relevant[np.lexsort((relevant, -cosine[gallery]))]
            hits[at] = [ranked[:k].any() for k in ks]
            ap[at] = _average_precision(ranked)
    if not asked.any():
        raise InvalidRequestError("No label is in two sources: there is nothing to retrieve")
    return RetrievalOutcome(
        ks=list(ks),
        recall=hits[asked].mean(axis=0).tolist(),
        mean_ap=float(ap[asked].mean()),
        hits=hits.tolist(),
        ap=ap.tolist(),
        asked=asked.tolist(),
        failed=int((~usable).sum()),
    )


def _average_precision(ranked: NDArray[np.bool_]) -> float:
    """Mean precision at the places of the relevant; 0 where there are none."""
    places = np.flatnonzero(ranked) + 1
    return float((np.arange(1, len(places) + 1) / places).mean()) if len(places) else 0.0
