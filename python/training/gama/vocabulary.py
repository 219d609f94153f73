"""The closed sets of labels, read from the training clips' descriptions."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

NONE = "none"
COUNTS = tuple(str(count) for count in range(1, 7))
EVENT_FIELDS = ("class", "count", "register", "direction", "tempo", "sex", "language")
"""What is asked of each of the first two events of a clip."""
EVENT_SLOTS = 2
WORD_SLOTS = 4


@dataclass(frozen=True)
class Vocabulary:
    """Values of every label, in a fixed order.

    Attributes:
        values: per event field, and for `loudness`, `background` and `sources`.
        words: spoken words.
    """

    values: dict[str, tuple[str, ...]]
    words: tuple[str, ...]

    def index(self, name: str, value: object) -> int:
        """Position of a value, or -100 (ignored by the loss) when it is absent or unknown."""
        text = str(value)
        return self.values[name].index(text) if text in self.values[name] else -100


def build_vocabulary(metas: Iterable[dict[str, Any]]) -> Vocabulary:
    """Collects the values that occur; `none` stands for no second event and no background."""
    seen: dict[str, set[str]] = {field: set() for field in (*EVENT_FIELDS, "loudness", "background")}
    words: set[str] = set()
    for meta in metas:
        seen["loudness"].add(meta["loudness"])
        seen["background"].add(meta["background"] or NONE)
        for event in meta["events"]:
            words.update(event.get("words") or ())
            for field in EVENT_FIELDS:
                if event.get(field) is not None:
                    seen[field].add(str(event[field]))
    seen["class"].add(NONE)
    seen["sources"] = {"1", "2", "3"}
    return Vocabulary({name: tuple(sorted(found)) for name, found in seen.items()}, tuple(sorted(words)))
