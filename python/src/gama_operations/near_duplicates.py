"""Near duplicates across the sides of a split: candidates by embeddings, certainty by waveforms.

Embeddings are centred and of length one; each clip's nearest on other sides are candidates where they are as
near as planted copies are to their originals, or up to twice as far. How near that is differs from arm to
arm, so that each run plants copies of its own clips and reads it off them. Arms are taken, that with fewest
candidates first, until enough planted copies are among their originals' candidates; where all arms together
do not show enough of them, more neighbours are looked at. Candidates are then heard (`same_sound.py`).
Shapes: N clips, P planted copies, D features.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gama_operations.clustering_watch import Watch
from gama_operations.errors import InvalidRequestError
from gama_operations.same_sound import Likeness, Wave, likeness

NEAREST = (5, 10, 20, 40)
"""Of each clip: so many on other sides are looked at, and more only where that shows too few copies."""
SHARE_FOUND = 0.95
"""Of the planted copies, that the thresholds are set for."""
_SLACK = 2.0
_BLOCK = 256
_UNUSABLE = -2.0  # below every cosine

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ArmFeatures:
    """One arm's embeddings."""

    features: NDArray[Any]
    """[N, D]; NaN in clips that failed."""
    planted: NDArray[Any]
    """[P, D]."""


@dataclass(frozen=True, slots=True)
class ArmSearch:
    """What one arm alone would find."""

    threshold: float | None
    """Cosine from which a neighbour is a candidate; None where no planted copy could be heard."""
    candidates: int
    planted_found: int
    used: bool


@dataclass(frozen=True, slots=True)
class AlikePair:
    """Two clips that were heard one after the other."""

    a: int
    b: int
    correlation: float
    flat_correlation: float
    lag_seconds: float


@dataclass(frozen=True, slots=True)
class DuplicateOutcome:
    """What was found; field by field what the wire's NearDuplicatesResult says."""

    duplicates: list[AlikePair]
    arms: list[ArmSearch]
    candidates: int
    alike: int
    planted: int
    planted_found: int
    nearest: int


@dataclass(frozen=True, slots=True)
class _Candidates:
    pairs: frozenset[Pair]
    planted: frozenset[int]
    threshold: float | None


def near_duplicates(
    arms: Sequence[ArmFeatures],
    sides: Sequence[str],
    originals: Sequence[int],
    *,
    hear: Callable[[int], Wave],
    hear_copy: Callable[[int], Wave],
    watch: Watch,
) -> DuplicateOutcome:
    """Looks for one recording on two sides.

    Args:
        arms: embeddings of the clips and of the planted copies, arm by arm.
        sides: of each clip; pairs on one side may be as alike as they like.
        originals: the clip that each planted copy was made of.
        hear: the waveform of a clip at `same_sound.RATE`.
        hear_copy: that of a planted copy.
        watch: the caller's side.

    Raises:
        InvalidRequestError: no arm, or arms that are not about these clips and copies.
    """
    _check(arms, len(sides), originals)
    side = np.unique(np.asarray(sides), return_inverse=True)[1]
    found, used, nearest = _candidates(arms, side, originals, watch)
    pairs = sorted(frozenset[Pair]().union(*(found[at].pairs for at in used)))
    shown = sorted(frozenset[int]().union(*(found[at].planted for at in used)))
    duplicates = [
        AlikePair(a, b, fit.correlation, fit.flat_correlation or 0.0, fit.lag_seconds)
        for (a, b), fit in _heard(pairs, hear, hear, "verify", watch)
        if fit.is_same
    ]
    copies = [(originals[copy], copy) for copy in shown]
    verified = sum(fit.is_same for _, fit in _heard(copies, hear, hear_copy, "verify planted", watch))
    return DuplicateOutcome(
        duplicates=duplicates,
        arms=[
            ArmSearch(one.threshold, len(one.pairs), len(one.planted), at in used)
            for at, one in enumerate(found)
        ],
        candidates=len(pairs),
        alike=len(pairs) - len(duplicates),
        planted=len(originals),
        planted_found=verified,
        nearest=nearest,
    )


def _candidates(
    arms: Sequence[ArmFeatures], side: NDArray[np.intp], originals: Sequence[int], watch: Watch
) -> tuple[list[_Candidates], list[int], int]:
    """What each arm shows, which arms are used, and how many neighbours were looked at."""
    for nearest in NEAREST:
        found: list[_Candidates] = []
        for done, arm in enumerate(arms):

            def tell(share: float, done: int = done) -> None:
                watch.check()
                watch.progress("compare", done + share, len(arms), "arms")

            found.append(_search(arm, side, np.asarray(originals), nearest, tell))
        used = _enough(found, len(originals))
        shown = frozenset[int]().union(*(found[at].planted for at in used))
        if len(shown) >= SHARE_FOUND * len(originals) or nearest >= min(len(side), NEAREST[-1]):
            watch.progress("compare", len(arms), len(arms), "arms")
            return found, used, nearest
    raise AssertionError("the last number of neighbours ends the search")


def _check(arms: Sequence[ArmFeatures], clips: int, originals: Sequence[int]) -> None:
    if not arms or not originals:
        raise InvalidRequestError("Expected an arm with features, and a planted copy")
    if not all(0 <= original < clips for original in originals):
        raise InvalidRequestError(f"Expected `originals` from 0 to {clips - 1}, got {list(originals)}")
    for at, arm in enumerate(arms):
        rows = (arm.features.shape[:1], arm.planted.shape[:1])
        if arm.features.ndim != 2 or arm.planted.ndim != 2 or rows != ((clips,), (len(originals),)):
            raise InvalidRequestError(
                f"Expected features [{clips}, D] and planted [{len(originals)}, D] of arm {at}, "
                f"got {list(arm.features.shape)} and {list(arm.planted.shape)}"
            )


def _search(
    arm: ArmFeatures,
    side: NDArray[np.intp],
    originals: NDArray[np.intp],
    nearest: int,
    tell: Callable[[float], None],
) -> _Candidates:
    features, planted = (np.asarray(rows, dtype=np.float32) for rows in (arm.features, arm.planted))
    usable = np.asarray(np.isfinite(features).all(axis=1), dtype=np.bool_)
    if not usable.any():
        return _Candidates(frozenset(), frozenset(), None)
    centre = features[usable].mean(axis=0, dtype=np.float64).astype(np.float32)
    clips, copies = _units(features, centre), _units(planted, centre)
    # A copy stands on a side of its own, and has all clips to be mistaken for.
    likeness_of_copies = np.where(usable, copies @ clips.T, _UNUSABLE)
    own = likeness_of_copies[np.arange(len(originals)), originals]
    own[~np.isfinite(planted).all(axis=1)] = _UNUSABLE
    threshold = _threshold(own)
    if threshold is None:
        return _Candidates(frozenset(), frozenset(), None)
    ahead = (likeness_of_copies > own[:, None]).sum(axis=1)
    shown = frozenset(np.flatnonzero((own >= threshold) & (ahead < nearest)).tolist())
    pairs: set[Pair] = set()
    for first in range(0, len(clips), _BLOCK):
        tell(first / len(clips))
        block = np.arange(first, min(first + _BLOCK, len(clips)))
        cosine = clips[block] @ clips.T
        cosine[(side[block, None] == side) | ~usable | ~usable[block, None]] = _UNUSABLE
        kept = min(nearest, len(clips))
        closest = np.argpartition(-cosine, kept - 1, axis=1)[:, :kept]
        near = np.take_along_axis(cosine, closest, axis=1) >= threshold
        for row, column in zip(*np.nonzero(near), strict=True):
            one, other = int(block[row]), int(closest[row, column])
            pairs.add((min(one, other), max(one, other)))
    return _Candidates(frozenset(pairs), shown, threshold)


def _units(rows: NDArray[np.float32], centre: NDArray[np.float32]) -> NDArray[np.float32]:
    """Centred rows of length one; zeros stay zeros, and so do those that are no numbers."""
    moved = np.nan_to_num(rows - centre, nan=0.0, posinf=0.0, neginf=0.0)
    length = np.linalg.norm(moved, axis=1, keepdims=True)
    return (moved / np.where(length == 0, 1, length)).astype(np.float32)


def _threshold(own: NDArray[np.float32]) -> float | None:
    """Twice the distance that `SHARE_FOUND` of the copies keep to; None where no copy was heard.

    Duplicates that nobody planted may be changed more; what else lies there costs time and is heard.
    """
    heard = np.sort(own[own > _UNUSABLE])[::-1]
    if len(heard) == 0:
        return None
    last = heard[int(np.ceil(SHARE_FOUND * len(heard))) - 1]
    return float(1 - _SLACK * (1 - last))


def _enough(found: Sequence[_Candidates], planted: int) -> list[int]:
    """Arms, that with fewest candidates first, until the planted copies are among them."""
    used: list[int] = []
    shown: frozenset[int] = frozenset()
    for at in sorted(range(len(found)), key=lambda at: (len(found[at].pairs), at)):
        if len(shown) >= SHARE_FOUND * planted:
            break
        if found[at].planted - shown:  # an arm that shows nothing more costs candidates only
            used.append(at)
            shown |= found[at].planted
    return used


def _heard(
    pairs: Sequence[Pair],
    hear: Callable[[int], Wave],
    hear_other: Callable[[int], Wave],
    stage: str,
    watch: Watch,
) -> list[tuple[Pair, Likeness]]:
    found: list[tuple[Pair, Likeness]] = []
    for done, pair in enumerate(pairs):
        watch.check()
        watch.progress(stage, done, len(pairs), "pairs")
        one, other = pair
        found.append((pair, likeness(hear(one), hear_other(other))))
    watch.progress(stage, len(pairs), len(pairs), "pairs")
    return found
