"""Targets of the encoder's supervised stage, one set per clip."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.gama.vocabulary import EVENT_FIELDS, EVENT_SLOTS, NONE, WORD_SLOTS, Vocabulary

Meta = dict[str, Any]


def head_sizes(vocabulary: Vocabulary) -> dict[str, int]:
    """Name and number of values of every single-choice target."""
    values = vocabulary.values
    sizes = {f"{field}{slot}": len(values[field]) for slot in range(EVENT_SLOTS) for field in EVENT_FIELDS}
    sizes |= {name: len(values[name]) for name in ("loudness", "background", "sources")}
    return sizes | {f"word{slot}": len(vocabulary.words) + 1 for slot in range(WORD_SLOTS)}


def _choices(meta: Meta, vocabulary: Vocabulary) -> Iterator[int]:
    events = meta["events"]
    for slot in range(EVENT_SLOTS):
        event = events[slot] if slot < len(events) else {"class": NONE}
        yield from (vocabulary.index(field, event.get(field)) for field in EVENT_FIELDS)
    yield vocabulary.index("loudness", meta["loudness"])
    yield vocabulary.index("background", meta["background"] or NONE)
    yield vocabulary.index("sources", len(events) + (meta["background"] is not None))
    spoken = next((event["words"] for event in events if event.get("words")), None)
    for slot in range(WORD_SLOTS):
        if spoken is None:
            yield -100
        else:
            yield vocabulary.words.index(spoken[slot]) if slot < len(spoken) else len(vocabulary.words)


def _tags(meta: Meta, vocabulary: Vocabulary) -> Iterator[int]:
    classes = vocabulary.values["class"]
    for event in meta["events"]:
        yield classes.index(event["class"])
        yield from (len(classes) + vocabulary.words.index(word) for word in event.get("words") or ())
    if meta["background"] is not None:
        yield classes.index(meta["background"])


@dataclass(frozen=True)
class Targets:
    """What some clips are asked.

    Attributes:
        choices: [B, H] int64, -100 where not asked.
        tags: [B, T] float32.
        columns: targets of each column (`columns.py`), [B, S, O] float32, -1 where not asked.
        heard: number of columns that a clip fills, [B].
    """

    choices: Tensor
    tags: Tensor
    columns: Tensor
    heard: Tensor


@dataclass(frozen=True)
class Labels:
    """Targets of many clips.

    Attributes:
        choices: single choices in the order of `head_sizes`, -100 where they do not apply, [N, H].
        tags: sounding classes, then spoken words, [N, classes + words].
    """

    choices: NDArray[np.int64]
    tags: NDArray[np.bool_]

    def rows(self, indices: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Choices [B, H] int64 and tags [B, T] float32 of some clips."""
        return torch.from_numpy(self.choices[indices]), torch.from_numpy(self.tags[indices]).float()


def tag_count(vocabulary: Vocabulary) -> int:
    """Number of tags: sounding classes, then spoken words."""
    return len(vocabulary.values["class"]) + len(vocabulary.words)


def build_labels(metas: list[Meta], vocabulary: Vocabulary) -> Labels:
    """Targets of every clip."""
    choices = np.array([list(_choices(meta, vocabulary)) for meta in metas], np.int64)
    tags = np.zeros((len(metas), tag_count(vocabulary)), bool)
    for row, meta in zip(tags, metas, strict=True):
        row[list(_tags(meta, vocabulary))] = True
    return Labels(choices, tags)
