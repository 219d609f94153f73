"""Learning rates as functions of the step, never of the clock."""

import math


def warmup_cosine(step: int, *, total: int, warmup: int, floor: float = 0.01) -> float:
    """Factor in (0, 1]: linear over `warmup` steps, then half a cosine down to `floor`."""
    if step < warmup:
        return (step + 1) / warmup
    share = min(1.0, (step - warmup) / max(1, total - warmup))
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * share))


def warmup_flat_linear(
    step: int, *, total: int, warmup: int, flat: float = 0.4, floor: float = 0.02
) -> float:
    """Factor in (0, 1]: linear over `warmup` steps, 1 up to the share `flat`, then linear to `floor`."""
    if step < warmup:
        return (step + 1) / warmup
    share = step / total
    if share < flat:
        return 1.0
    return max(floor, 1 - (1 - floor) * (share - flat) / (1 - flat))
