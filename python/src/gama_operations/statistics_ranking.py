"""Mean average precision of weighted sources.

AP = sum over scores of the precision there times the recall gained there, equal scores at once, as
scikit-learn's `average_precision_score`. Only places with a positive count, so each tag is sorted once, and
the clips between two such places are one row of a sparse matrix: a resample is a product and a running sum.
Two models' scores have two scales, so arms that change clips show mid-ranks within the tag, to which AP is
blind. Shapes: B resamples, G sources, N clips, K tags, P places with a positive.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, stats

from gama_operations.errors import InvalidRequestError
from gama_operations.statistics_metrics import GRID
from gama_operations.statistics_sources import Sources, Vector

_POSITIVES_WEIGHED = 120_000_000
"""Positives of both arms times resamples: ten seconds of a core for all swaps and draws."""
_LEAST = 1999


@dataclass(frozen=True, slots=True)
class _Curve:
    """One tag, best score first."""

    heard: Any
    """Sparse [P, columns]: clips since the place before, by column (a source of an arm)."""
    found: Any
    """Sparse [P, columns]: positives among those at the place."""

    def precision(self, weights: Vector) -> tuple[Vector, NDArray[np.bool_]]:
        """[B] AP under weights [columns, B], 0 where no positive is left, and [B] whether one is."""
        gained = self.found @ weights
        found, heard = np.cumsum(gained, axis=0), np.cumsum(self.heard @ weights, axis=0)
        summed = (gained * found / np.maximum(heard, 1)).sum(axis=0)
        return summed / np.maximum(found[-1], 1), found[-1] > 0


@dataclass(frozen=True, slots=True)
class AveragePrecision:
    """Mean average precision over the tags that occur in the (re)sample; a `PairedMetric`."""

    of_a: list[_Curve]
    of_b: list[_Curve]
    of_both: list[_Curve]
    """Both arms' clips in one order: columns are the sources of a, then those of b."""
    swappable: bool = True
    resampled: bool = True

    @property
    def affordable(self) -> int:
        """As `PairedMetric`; by the number of tags that clips have, which no outcome changes."""
        positives = sum(int(curve.found.sum()) for curve in self.of_both)
        return max(_LEAST, _POSITIVES_WEIGHED // positives)

    def values(self, a: Vector | None, b: Vector | None) -> Vector:
        """As `PairedMetric`."""
        curves = self.of_both if a is not None and b is not None else self.of_b if a is None else self.of_a
        weights = np.concatenate([arm.T for arm in (a, b) if arm is not None])
        total, tags = np.zeros(weights.shape[1]), np.zeros(weights.shape[1])
        for curve in curves:
            precision, is_there = curve.precision(weights)
            total += precision
            tags += is_there
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
    ranks_a, ranks_b = (np.asarray(stats.rankdata(x, axis=0)) for x in (a, b))
    of_clip, count = sources.of_clip, len(sources)
    used = np.flatnonzero(tags.any(axis=0)).tolist()
    of_both = [
        _curve(
            np.append(ranks_a[:, tag], ranks_b[:, tag]),
            np.tile(tags[:, tag], 2),
            np.append(of_clip, of_clip + count),
        )
        for tag in used
    ]
    return AveragePrecision(
        [_curve(ranks_a[:, tag], tags[:, tag], of_clip) for tag in used],
        [_curve(ranks_b[:, tag], tags[:, tag], of_clip) for tag in used],
        of_both,
    )


def _curve(ranks: Vector, is_positive: NDArray[np.bool_], column: NDArray[np.intp]) -> _Curve:
    places = -np.unique(-ranks[is_positive])  # best first
    # the first place that is not above the clip's rank; clips below all positives change nothing
    row = np.searchsorted(-places, -ranks, side="left")
    shape = (len(places), int(column.max()) + 1)

    def counted(rows: NDArray[np.bool_]) -> Any:
        ones = np.ones(int(rows.sum()))
        return sparse.coo_array((ones, (row[rows], column[rows])), shape=shape).tocsr()

    return _Curve(counted(row < len(places)), counted(is_positive))
