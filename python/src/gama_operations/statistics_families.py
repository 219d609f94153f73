"""Several comparisons in one study: adjusted p-values, so that one of many does not win by chance.

Declared primaries: the step-down of Holm (Scandinavian Journal of Statistics 6, 1979) with the divisor of
Shaffer ("Modified sequentially rejective multiple test procedures", Journal of the American Statistical
Association 81, 1986, S1). One comparison asks up to three questions, of which at most one has a true null: no
difference; worse by the margin or more; better by the margin or more. So the divisor is the number of
comparisons with a question left, not the number of questions: where no margin was declared it is Holm's own.
The chance of any false word among the primaries stays at alpha.
Exploratory comparisons: Benjamini and Hochberg (Journal of the Royal Statistical Society B 57, 1995).
"""

from collections.abc import Hashable, Sequence

import numpy as np
from scipy import stats


def holm(p_values: Sequence[float], comparisons: Sequence[Hashable] | None = None) -> list[float]:
    """Adjusted p-values, in the order given.

    Args:
        p_values: of all questions of the family.
        comparisons: to which comparison each question belongs; of those of one comparison at most one null
            hypothesis can be true. Without it each question is a comparison of its own: plain Holm.
    """
    belongs: list[Hashable] = list(range(len(p_values)) if comparisons is None else comparisons)
    left = {name: belongs.count(name) for name in belongs}
    adjusted, highest = [0.0] * len(p_values), 0.0
    for index in np.argsort(np.asarray(p_values), kind="stable").tolist():
        highest = max(highest, min(1.0, p_values[index] * len(left)))
        adjusted[index] = highest
        name = belongs[index]
        left[name] -= 1
        if left[name] == 0:
            del left[name]
    return adjusted


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values (q), in the order given."""
    if not p_values:
        return []
    return np.asarray(stats.false_discovery_control(np.asarray(p_values), method="bh")).tolist()
