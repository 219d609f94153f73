"""What each column of patches is asked, and how the head learns it."""

from typing import Any

import torch
from torch import Tensor, optim

from training.gama.columns import ColumnHead, column_targets
from training.gama.vocabulary import build_vocabulary

SECONDS = 0.08
SPEECH = {
    "class": "speech", "kind": "speech", "words": ["red", "dog"], "onsets": [], "start": 0.08, "end": 0.64,
}  # fmt: skip
DOG = {"class": "dog", "kind": "effect", "count": 2, "onsets": [0.16, 0.33], "start": 0.16, "end": 0.49}


def clip(*events: dict[str, Any], background: str | None = None) -> dict[str, Any]:
    return {"events": list(events), "background": background, "loudness": "quiet"}


def targets(meta: dict[str, Any]) -> tuple[dict[str, Tensor], Tensor, dict[str, Tensor]]:
    """Columns by class, onsets, and columns by word."""
    vocabulary = build_vocabulary([clip(SPEECH), clip(DOG), clip(DOG | {"class": "rain"})])
    (row,) = column_targets([meta], vocabulary, columns=10, patch_frames=8)
    classes, words = vocabulary.values["class"], vocabulary.words
    by_class = {name: row[:, index] for index, name in enumerate(classes)}
    return by_class, row[:, -1], {word: row[:, len(classes) + index] for index, word in enumerate(words)}


def test_a_sound_fills_its_columns_and_begins_in_those_of_its_onsets() -> None:
    sounds, onsets, _ = targets(clip(DOG, background="rain"))
    assert sounds["dog"].tolist() == [0, 0, 1, 1, 1, 1, 0, 0, 0, 0]
    assert sounds["rain"].tolist() == [1] * 10
    assert onsets.tolist() == [0, 0, 1, 0, 1, 0, 0, 0, 0, 0]


def test_words_without_times_and_onsets_of_what_is_not_counted_are_not_asked() -> None:
    _, onsets, words = targets(clip(SPEECH))
    assert words["red"].tolist() == words["dog"].tolist() == [0, *[-1] * 7, 0, 0]
    assert onsets.tolist() == [0, *[-1] * 7, 0, 0]


def test_words_with_times_stand_in_their_columns() -> None:
    _, _, words = targets(clip(SPEECH | {"wordTimes": [[0.08, 0.3], [0.4, 0.64]]}))
    assert words["red"].tolist() == [0, 1, 1, 1, 0, 0, 0, 0, 0, 0]
    assert words["dog"].tolist() == [0, 0, 0, 0, 0, 1, 1, 1, 0, 0]


def test_an_event_beyond_the_last_column_stays_in_it() -> None:
    sounds, onsets, _ = targets(clip(DOG | {"start": 0.7, "end": 1.4, "onsets": [0.7, 1.3]}))
    assert sounds["dog"].tolist() == [0] * 8 + [1, 1]
    assert onsets.tolist() == [0] * 8 + [1, 1]


def test_the_head_learns_from_asked_and_heard_columns_alone() -> None:
    vocabulary = build_vocabulary([clip(SPEECH), clip(DOG)])
    torch.manual_seed(0)
    head = ColumnHead(vocabulary, width=16)
    tokens = torch.randn(2, 10, 16)
    wanted = column_targets([clip(DOG), clip(SPEECH)], vocabulary, columns=10, patch_frames=8)
    heard = torch.tensor([7, 9])
    changed = tokens.clone()
    changed[0, 7:] += 1  # not heard
    assert torch.equal(head.loss(tokens, wanted, heard), head.loss(changed, wanted, heard))
    unasked = wanted.clone()
    unasked[:, :, -1] = -1
    assert head.loss(tokens, unasked, heard) < head.loss(tokens, wanted, heard)
    optimizer = optim.Adam(head.parameters(), lr=0.05)
    losses: list[float] = []
    for _ in range(200):
        loss = head.loss(tokens, wanted, heard)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.05 * losses[0]
