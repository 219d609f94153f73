"""Evidence of a run that might be stopped after any source: nothing that may be looked at only once."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gama_operations.judge_evidence import Beside, Evidence
from gama_operations.judge_inputs import ClipOutcomes, Settings
from gama_operations.protocol import AnytimeRule, Interval
from gama_operations.statistics_anytime import anytime


def evidence_at_any_time(
    found: Evidence, observed: ClipOutcomes, groups: Sequence[str], rule: AnytimeRule, settings: Settings
) -> Evidence:
    """The e-process and the confidence sequence in the place of the fixed test and interval.

    The largest e so far counts: 1 / e is ever below alpha with a chance of alpha at most (Ville), so it is a
    p-value wherever the run ends.

    Args:
        found: of the same outcomes, as if their number had been fixed.
        observed: outcomes between 0 and 1, in the order of the run.
        groups: the source of each clip; one follows the other.
        rule: what was known before the run.
        settings: of the study.

    Raises:
        InvalidRequestError: a difference beyond 1, or a source larger than the rule says.
    """
    if found.p_value is None:  # too few sources
        return replace(found, beside=Beside())
    _, first, places = np.unique(np.asarray(groups), return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first))[places]  # of each clip's source, by its first clip
    a, b = (np.asarray(values, dtype=np.float64) for values in (observed.a, observed.b))
    sums, sizes = np.bincount(order, weights=a - b), np.bincount(order)
    both = [
        anytime(sums, sizes, largest=rule.largest, alpha=alpha, right_or_wrong=rule.right_or_wrong)
        for alpha in (settings.alpha, 1 - settings.level)
    ]
    most, method = max(both[0].e), both[0].method
    then = float(sums[: both[0].e.index(most) + 1].sum())
    sequence = "confidence sequence, betting on bounded differences"
    return replace(
        found,
        interval=Interval(low=both[1].low[-1], high=both[1].high[-1], level=settings.level, method=sequence),
        margin_interval=None,
        reason=None,
        effective_sources=None,
        error=None,
        p_value=min(1.0, 1 / most),
        test=f"e-process ({method}), 1 / largest e",
        # evidence that one arm had the upper hand says nothing for the other, which has it at the end
        test_decides=then * found.difference > 0,
        beside=Beside(effect_size=found.beside.effect_size, icc=found.beside.icc),
    )
