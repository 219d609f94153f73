"""Which clips share a forward pass, from their lengths; longest first, so that workers end together."""

from collections.abc import Callable, Sequence


def pack(lengths: Sequence[int], most: int, parts: int = 1) -> list[list[int]]:
    """Indices for passes that do not pad: at most `most` together, unless it is one clip.

    With enough clips there are at least `parts` packs.
    """
    share = min(most, -(-sum(lengths) // parts))
    return _group(lengths, lambda group: sum(group) <= share)


def bucket(lengths: Sequence[int], most: int, padding: float) -> list[list[int]]:
    """Indices for passes that pad: at most `most` with padding, of which at most the share `padding`."""
    return _group(
        lengths,
        lambda group: (padded := len(group) * group[0]) <= most and padded - sum(group) <= padding * padded,
    )


def _group(lengths: Sequence[int], fits: Callable[[Sequence[int]], bool]) -> list[list[int]]:
    groups: list[list[int]] = []
    for at in sorted(range(len(lengths)), key=lambda at: -lengths[at]):
        if groups and fits([lengths[other] for other in (*groups[-1], at)]):
            groups[-1].append(at)
        else:
            groups.append([at])
    return groups
