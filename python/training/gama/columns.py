"""What sounds in each column of patches, where it begins, and which word is said there: targets and head.

Count, order, tempo and words are questions about time; a label of the whole clip says too little about when.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.gama.features import FRAME_SECONDS
from training.gama.vocabulary import Vocabulary

SOUND_SCALE = 20.0
"""Most classes and words are absent from a column, as in `heads.TAG_SCALE`."""


def _columns(start: float, end: float, *, seconds: float, columns: int) -> slice:
    """Columns that an interval touches by half or more, and at least the one where it begins."""
    first = min(int(start / seconds), columns - 1)
    return slice(first, min(columns, max(first + 1, round(end / seconds))))


def column_targets(
    metas: Sequence[dict[str, Any]], vocabulary: Vocabulary, *, columns: int, patch_frames: int
) -> Tensor:
    """Targets of some clips, [B, S, classes + words + 1]: sounding classes, words, whether something begins.

    The word of a column is told only where its time is known; elsewhere the words of a speech event are
    marked -1 (not asked), and so are onsets of what is not counted.
    """
    classes, words = vocabulary.values["class"], vocabulary.words
    seconds = patch_frames * FRAME_SECONDS
    targets = np.zeros((len(metas), columns, len(classes) + len(words) + 1), np.float32)
    for row, meta in zip(targets, metas, strict=True):
        if meta["background"] is not None:
            row[:, classes.index(meta["background"])] = 1
        for event in meta["events"]:
            span = _columns(event["start"], event["end"], seconds=seconds, columns=columns)
            row[span, classes.index(event["class"])] = 1
            if event.get("words") and "wordTimes" not in event:
                row[span, len(classes) : -1] = -1
            for word, (start, end) in zip(event.get("words") or (), event.get("wordTimes", ()), strict=False):
                said = _columns(start, end, seconds=seconds, columns=columns)
                row[said, len(classes) + words.index(word)] = 1
            if not event["onsets"]:
                row[span, -1] = -1
            for onset in event["onsets"]:
                row[_columns(onset, onset, seconds=seconds, columns=columns), -1] = 1
    return torch.from_numpy(targets)


class ColumnHead(nn.Module):
    """Asks each column of the aggregator, which is what the language model reads; does not ship."""

    def __init__(self, vocabulary: Vocabulary, *, width: int) -> None:
        super().__init__()
        outputs = len(vocabulary.values["class"]) + len(vocabulary.words) + 1
        self.layers = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, outputs))

    def loss(self, tokens: Tensor, targets: Tensor, columns: Tensor) -> Tensor:
        """Mean over asked targets [B, S, O] of the heard columns [B] of tokens [B, S, D].

        Onsets weigh as much as all sounds.
        """
        logits = self.layers(tokens).float()
        heard = (torch.arange(tokens.shape[1]) < columns[:, None]).unsqueeze(-1)
        asked = (heard & (targets >= 0)).float()
        losses = functional.binary_cross_entropy_with_logits(logits, targets.clamp_min(0), reduction="none")
        sounds = (losses * asked)[..., :-1].sum() / asked[..., :-1].sum().clamp_min(1)
        onsets = (losses * asked)[..., -1].sum() / asked[..., -1].sum().clamp_min(1)
        return SOUND_SCALE * sounds + onsets
