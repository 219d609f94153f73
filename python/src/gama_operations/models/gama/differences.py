"""Largest differences between reference numbers and ours, one row per quantity."""

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor


def largest_difference(ours: Tensor, reference: Tensor) -> float:
    """Max absolute difference; infinite for another shape, a NaN, or an infinity in another place."""
    if ours.shape != reference.shape:
        return math.inf
    a, b = ours.double(), reference.double()
    finite = a.isfinite() & b.isfinite()
    same_elsewhere = torch.equal(a[~finite], b[~finite])
    if not same_elsewhere:
        return math.inf
    return float((a - b)[finite].abs().max()) if finite.any() else 0.0


def relative_difference(ours: Tensor, reference: Tensor) -> float:
    """Root mean square of the difference over that of the reference; infinite for another shape or a NaN."""
    if ours.shape != reference.shape or not ours.isfinite().all():
        return math.inf
    difference = ours.double() - reference.double()
    return float(difference.square().mean().sqrt() / reference.double().square().mean().sqrt())


@dataclass(slots=True)
class Row:
    """A quantity over all cases."""

    quantity: str
    tolerance: float
    difference: float = 0.0
    compared: int = 0
    worst: str = ""
    """The case with the largest difference."""

    @property
    def passed(self) -> bool:
        """Something was compared, and nothing differs by more than the tolerance."""
        return self.compared > 0 and self.difference <= self.tolerance


@dataclass(slots=True)
class Differences:
    """Rows in the order in which their quantities first came."""

    rows: dict[str, Row] = field(default_factory=dict[str, Row])

    def add(self, quantity: str, case: str, difference: float, tolerance: float) -> None:
        """Takes one comparison."""
        row = self.rows.setdefault(quantity, Row(quantity, tolerance))
        row.compared += 1
        difference = math.inf if math.isnan(difference) else difference  # NaN is larger than nothing
        if difference > row.difference or not row.worst:
            row.difference, row.worst = difference, case

    @property
    def passed(self) -> bool:
        """All rows pass."""
        return all(row.passed for row in self.rows.values())

    def table(self) -> str:
        """Aligned text, one line a row."""
        width = max(len(name) for name in self.rows)
        lines = [f"{'quantity':<{width}} {'largest difference':>18} {'tolerance':>9} {'n':>4}  worst case"]
        for row in self.rows.values():
            numbers = f"{row.difference:>18.3g} {row.tolerance:>9.3g} {row.compared:>4}"
            mark = "" if row.passed else "   EXCEEDED"
            lines.append(f"{row.quantity:<{width}} {numbers}  {row.worst}{mark}")
        return "\n".join(lines)
