"""What the language model made of a clip, kept so that a further question about it only decodes.

The audio and the words in front of a question are the same for every question, and causal attention
never looks ahead: their keys and values can be computed once. They are always computed apart from the
question, kept or not, so that an answer does not depend on what was asked before.
Shapes: B batch, P prefix tokens, H width of the language model, C kept positions.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import torch
from torch import Tensor

from gama_operations.models.gama.generate import Beginning, Speaker, left_padded, positions_of
from gama_operations.models.gama.key_values import empty_cache, keeps_keys, pairs_of
from gama_operations.models.surface import Waveform

KEPT_BYTES = 256 * 1024 * 1024
"""Two clips of the released model in float32 (107 MB each), some 700 of gama-tiny."""


@dataclass(frozen=True, slots=True)
class HeardAudio:
    """One clip as the language model sees it."""

    prefix: Tensor
    """[P, H]."""
    head: tuple[int, ...]
    """Token ids after the audio whose keys are there, too."""
    keys: tuple[tuple[Tensor, Tensor], ...]
    """Keys and values of each layer, [heads, C, width]; none where the model's cache cannot be cut."""

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return sum(part.nbytes for part in (self.prefix, *(part for pair in self.keys for part in pair)))

    def reach(self, prompt: Sequence[int]) -> int:
        """How many positions of [audio][prompt] its keys cover; the last one is always left to compute."""
        if not self.keys:
            return 0
        same = 0
        for kept, asked in zip(self.head, prompt[:-1], strict=False):
            if kept != asked:
                break
            same += 1
        return len(self.prefix) + same


class KeptAudio:
    """Heard clips by content, the least recently used ones dropped beyond `max_bytes`."""

    def __init__(self, identity: str, max_bytes: int = KEPT_BYTES) -> None:
        self._identity = identity.encode()
        self._max_bytes = max_bytes
        self._clips: OrderedDict[bytes, HeardAudio] = OrderedDict()
        self.nbytes = 0

    def key(self, waveform: Waveform) -> bytes:
        """Content of the decoded samples, and the model in the form that hears them: never a file's name."""
        content = blake2b(self._identity, digest_size=32)
        content.update(repr((waveform.shape, waveform.dtype.str)).encode())
        content.update(np.ascontiguousarray(waveform).data)
        return content.digest()

    def get(self, key: bytes) -> HeardAudio | None:
        """The clip, where it is kept."""
        found = self._clips.get(key)
        if found is not None:
            self._clips.move_to_end(key)
        return found

    def put(self, key: bytes, heard: HeardAudio) -> None:
        """Keep a clip, where it fits at all."""
        if key in self._clips or heard.nbytes > self._max_bytes:
            return
        self._clips[key] = heard
        self.nbytes += heard.nbytes
        while self.nbytes > self._max_bytes:
            self.nbytes -= self._clips.popitem(last=False)[1].nbytes

    def clear(self) -> None:
        """Forget all."""
        self._clips.clear()
        self.nbytes = 0


def hear(model: Speaker, prefix: Tensor, head: Sequence[int]) -> list[HeardAudio]:
    """Clips of one batch, from their prefixes [B, P, H] and the token ids that begin every prompt."""
    if not keeps_keys(model):
        return [HeardAudio(row.clone(), (), ()) for row in prefix]
    embeds, mask = left_padded(model, prefix, [head] * len(prefix))
    cache = empty_cache(model)
    model.language_model.base_model(
        inputs_embeds=embeds,
        attention_mask=mask,
        position_ids=positions_of(mask),
        past_key_values=cache,
        use_cache=True,
    )
    pairs = pairs_of(cache)
    # Clones: a row that is a view would keep the whole batch.
    return [
        HeardAudio(
            prefix[row].clone(),
            tuple(head),
            tuple((keys[row].clone(), values[row].clone()) for keys, values in pairs),
        )
        for row in range(len(prefix))
    ]


def continued(model: Speaker, clips: Sequence[HeardAudio], prompts: Sequence[Sequence[int]]) -> Beginning:
    """A batch padded on the left that begins where the kept keys of its rows end.

    All rows compute as many positions as the one with the most to compute; the others take that much
    less of their keys.
    """
    lengths = [len(clip.prefix) + len(prompt) for clip, prompt in zip(clips, prompts, strict=True)]
    reached = [clip.reach(prompt) for clip, prompt in zip(clips, prompts, strict=True)]
    new = max(length - reach for length, reach in zip(lengths, reached, strict=True))
    embeds, mask = left_padded(model, [clip.prefix for clip in clips], prompts)
    cache = empty_cache(model)
    columns = max(lengths) - new
    if columns > 0:
        taken = [max(0, length - new) for length in lengths]
        for index in range(len(clips[0].keys)):
            pairs = [clip.keys[index] for clip in clips]
            keys, values = (
                torch.stack(
                    [
                        torch.nn.functional.pad(pair[side][:, :count], (0, 0, columns - count, 0))
                        for pair, count in zip(pairs, taken, strict=True)
                    ]
                )
                for side in (0, 1)
            )
            cache.update(keys, values, index)
    return Beginning(embeds[:, columns:], mask, cache)
