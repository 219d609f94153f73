"""Several questions behind one clip: packed segments that see the audio and themselves only.

Row layout: [audio prefix][segment 0][segment 1] ... Every segment is exactly what inference sees after
the prefix: BOS, prompt, answer, end; its positions restart right after the prefix.
Shapes: B rows, T packed text tokens, P prefix tokens.
"""

from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

BOS, EOS, PAD = 1, 2, 0
IGNORED = -100


@dataclass(frozen=True)
class Packed:
    """A batch of packed rows.

    Attributes:
        input_ids: [B, T].
        segments: number of each token's segment, -1 for padding, [B, T].
        positions: position inside the segment, [B, T].
        targets: the next token where it belongs to an answer, else -100, [B, T].
    """

    input_ids: Tensor
    segments: Tensor
    positions: Tensor
    targets: Tensor


def encode_segments(tokenizer: Tokenizer, pairs: list[tuple[str, str]]) -> list[tuple[list[int], list[int]]]:
    """Token ids and targets of each (prompt, answer)."""
    texts = [text for pair in pairs for text in pair]
    ids = [encoding.ids for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]
    segments: list[tuple[list[int], list[int]]] = []
    for prompt, answer in zip(ids[::2], ids[1::2], strict=True):
        # the end token itself is predicted, never fed
        segments.append(([BOS, *prompt, *answer], [IGNORED] * len(prompt) + [*answer, EOS]))
    return segments


def pack(rows: list[list[tuple[list[int], list[int]]]]) -> Packed:
    """Packs the segments of every row and pads to the longest row."""
    length = max(sum(len(ids) for ids, _ in row) for row in rows)
    shape = (len(rows), length)
    input_ids, positions = np.full(shape, PAD), np.zeros(shape, np.int64)
    segments, targets = np.full(shape, -1), np.full(shape, IGNORED)
    for row, encoded in enumerate(rows):
        start = 0
        for number, (ids, wanted) in enumerate(encoded):
            span = slice(start, start + len(ids))
            input_ids[row, span], targets[row, span] = ids, wanted
            segments[row, span], positions[row, span] = number, np.arange(len(ids))
            start += len(ids)
    return Packed(*(torch.from_numpy(array) for array in (input_ids, segments, positions, targets)))


def attention_mask(segments: Tensor, prefix: int) -> Tensor:
    """What each position may see, [B, 1, P + T, P + T] bool: prefix and own segment, both causally."""
    B, T = segments.shape
    whole = torch.cat([torch.full((B, prefix), -2), segments], 1)  # prefix = segment -2
    same = whole[:, :, None] == whole[:, None, :]
    same[:, :, :prefix] = True
    return (same & torch.ones(prefix + T, prefix + T, dtype=torch.bool).tril()).unsqueeze(1)


def position_ids(positions: Tensor, prefix: int) -> Tensor:
    """Rotary positions [B, P + T]: the prefix, then every segment from P on."""
    audio = torch.arange(prefix).expand(len(positions), -1)
    return torch.cat([audio, prefix + positions], 1)
