"""Mean average precision of weighted sources.

AP = sum over positives of their weight times the precision at their score, over the weight of all; equal
scores at once, as scikit-learn's `average_precision_score`. Each tag is sorted once; a resample is then one
product of its weights with the counts of clips down to each positive, for all tags together.
Two models' scores have two scales, so arms that change clips show mid-ranks within the tag, to which AP is
blind. Shapes: B resamples, N clips, K tags, C columns (sources, of both arms where they change clips), P
positives of all tags.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, stats

from gama_operations.errors import InvalidRequestError
from gama_operations.statistics_metrics import GRID
from gama_operations.statistics_sources import Sources, Vector

_DENSE_GAIN = 30
"""A dense product does so many of its numbers in the time of one of a sparse one (measured on 2 cores: 25 to
60, float32 against scipy's CSR)."""
_POSITIVES = 512
"""Of as many tags as are looked at together, about: their resamples stay inside the processor's cache."""
_POSITIVES_WEIGHED = 120_000_000
"""Positives of both arms times resamples: ten seconds of a core for all swaps and draws."""
_LEAST = 1999
_EXACT = 2**24
"""Whole numbers below it are exact in float32, in whatever order they are added."""

Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class _Curves:
    """Some tags of an arm, one after the other, each best score first."""

    column: Places
    """[P] whose clip each positive is."""
    level: Places | None
    """[P] the last positive of the same score; None where no two are equal."""
    heard: Any
    """[P, C]: clips down to the positive's score, or, where this is sparse, those since the one before."""
    first: Places
    """[K] the first positive of each tag."""

    def precisions(self, weights: Vector) -> tuple[Vector, NDArray[np.bool_]]:
        """[K, B] AP under weights [C, B], 0 where no positive is left, and whether one is."""
        gained = weights[self.column]
        found = self._since_first(np.cumsum(gained, axis=0))
        heard = self._down_to(weights)
        if self.level is not None:
            found = found[self.level]
        held = np.add.reduceat(gained, self.first, axis=0)
        gained *= found
        gained /= np.maximum(heard, 1, out=heard)
        return np.add.reduceat(gained, self.first, axis=0) / np.maximum(held, 1), held > 0

    def _down_to(self, weights: Vector) -> Vector:
        if not sparse.issparse(self.heard):
            return (self.heard @ weights.astype(self.heard.dtype)).astype(np.float64)
        heard = self._since_first(np.cumsum(self.heard @ weights, axis=0))
        return heard if self.level is None else heard[self.level]

    def _since_first(self, running: Vector) -> Vector:
        """A running sum over all tags, begun anew with each tag."""
        before = running[self.first - 1]
        before[0] = 0
        running -= np.repeat(before, np.diff(np.append(self.first, len(running))), axis=0)
        return running


@dataclass(frozen=True, slots=True)
class AveragePrecision:
    """Mean average precision over the tags that occur in the (re)sample; a `PairedMetric`."""

    of_a: list[_Curves]
    of_b: list[_Curves]
    of_both: list[_Curves]
    """Both arms' clips in one order: columns are the sources of a, then those of b."""
    swappable: bool = True
    resampled: bool = True

    @property
    def affordable(self) -> int:
        """As `PairedMetric`; by the number of tags that clips have, which no outcome changes."""
        positives = sum(len(curves.column) for curves in self.of_both)
        return max(_LEAST, _POSITIVES_WEIGHED // positives)

    def values(self, a: Vector | None, b: Vector | None) -> Vector:
        """As `PairedMetric`."""
        curves = self.of_both if a is not None and b is not None else self.of_b if a is None else self.of_a
        weights = np.concatenate([arm.T for arm in (a, b) if arm is not None])
        total, tags = np.zeros(weights.shape[1]), np.zeros(weights.shape[1])
        for some in curves:
            precisions, is_there = some.precisions(weights)
            total += precisions.sum(axis=0)
            tags += is_there.sum(axis=0)
        return np.rint(total / np.maximum(tags, 1) * GRID) / GRID


def mean_average_precision(
    sources: Sources, tags: NDArray[np.bool_], a: Vector, b: Vector
) -> AveragePrecision:
    """Multi-label mAP of scores [N, K].

    Raises:
        InvalidRequestError: shapes that differ, scores not finite, or no clip with any tag.
    """
    if not a.shape == b.shape == tags.shape or tags.ndim != 2 or len(tags) != sources.clips:
        raise InvalidRequestError(
            f"Expected `tags` and scores of one shape [clips, tags], got {tags.shape}, {a.shape}, {b.shape}"
        )
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise InvalidRequestError("Expected finite scores: a failed clip gets the lowest score of its tag")
    if not tags.any():
        raise InvalidRequestError("Expected at least one clip with a tag")
    used = tags[:, tags.any(axis=0)]
    ranks = [np.asarray(stats.rankdata(x[:, tags.any(axis=0)], axis=0)) for x in (a, b)]
    of_clip, count = sources.of_clip, len(sources)
    largest = int(sources.counts.max())
    both = (np.concatenate(ranks), np.tile(used, (2, 1)), np.append(of_clip, of_clip + count))
    return AveragePrecision(
        *(_curves(rank, used, of_clip, count, largest) for rank in ranks),
        of_both=_curves(*both, 2 * count, largest),
    )


def _curves(
    ranks: Vector, is_positive: NDArray[np.bool_], column: Places, columns: int, largest: int
) -> list[_Curves]:
    """Sort each tag once; `largest`: clips of the largest source."""
    tags = [_order(ranks[:, tag], is_positive[:, tag]) for tag in range(ranks.shape[1])]
    ends = np.cumsum([len(clips) for clips, _, _ in tags])
    blocks = np.searchsorted(ends, np.arange(_POSITIVES, ends[-1] + _POSITIVES, _POSITIVES)) + 1
    cuts = np.unique(np.clip(np.append(0, blocks), 0, len(tags))).tolist()
    # a resample draws each source so often that all together are as many as there are
    dtype = np.float32 if columns * largest < _EXACT else np.float64
    return [_block(tags[start:stop], column, columns, dtype) for start, stop in pairwise(cuts)]


def _block(tags: "Sequence[Ordered]", column: Places, columns: int, dtype: Any) -> _Curves:
    first = np.cumsum([0] + [len(clips) for clips, _, _ in tags[:-1]])
    level = np.concatenate([start + last for start, (_, last, _) in zip(first, tags, strict=True)])
    since = _since(tags, first, column, (len(level), columns))
    is_sparse = len(level) * columns > _DENSE_GAIN * since.nnz
    positives = np.concatenate([column[clips] for clips, _, _ in tags])
    is_distinct = bool((level == np.arange(len(level))).all())
    heard = since if is_sparse else _cumulated(since, first, level, dtype)
    return _Curves(positives, None if is_distinct else level, heard, first)


Ordered = tuple[Places, Places, Places]


def _order(ranks: Vector, is_positive: NDArray[np.bool_]) -> Ordered:
    """Of one tag: its positives best first, the last one of each one's score, and for each clip the first
    positive that is not above it (as many as there are for a clip below all).
    """
    clips = np.flatnonzero(is_positive)
    clips = clips[np.argsort(-ranks[clips], kind="stable")]
    places = -ranks[clips]  # ascending
    return clips, np.searchsorted(places, places, side="right") - 1, np.searchsorted(places, -ranks)


def _since(tags: Sequence[Ordered], first: Places, column: Places, shape: tuple[int, int]) -> Any:
    """Sparse [P, C]: clips of a source whose first positive that is not above them is this one."""
    positions: list[Places] = []
    columns: list[Places] = []
    for start, (clips, _, place) in zip(first, tags, strict=True):
        counts = place < len(clips)  # clips below all positives change nothing
        positions.append(start + place[counts])
        columns.append(column[counts])
    at = (np.concatenate(positions), np.concatenate(columns))
    return sparse.csr_matrix((np.ones(len(at[0])), at), shape=shape)  # equal places are added


def _cumulated(since: Any, first: Places, level: Places, dtype: Any) -> NDArray[Any]:
    """Dense [P, C] down to the score of each positive."""
    found = since.astype(dtype).toarray()
    for start, stop in pairwise([*first.tolist(), len(found)]):
        np.cumsum(found[start:stop], axis=0, out=found[start:stop])
    return found[level]
