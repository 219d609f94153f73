"""Writing the answer token by token, with a key-value cache.

A batch is padded on the left, before the audio: [pad][audio prefix][text]. Padding is masked and does not
count in the positions, so that every row equals a run of its own (the released code cannot batch).
Shapes: B batch, P prefix tokens, T text tokens, H width, V vocabulary.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import torch
from torch import Tensor

from gama_operations.errors import InvalidRequestError, NonFiniteResultError
from gama_operations.models.gama.key_values import empty_cache
from gama_operations.models.gama.sampling import choose, process_scores
from gama_operations.models.surface import Generation

if TYPE_CHECKING:
    from transformers import DynamicCache, PreTrainedModel

    from gama_operations.models.gama.plain_llama import PlainCache


class Speaker(Protocol):
    """A language model that takes embeddings: GAMA's, or that of another audio language model."""

    @property
    def language_model(self) -> "PreTrainedModel":
        """Gives logits; its `base_model` the hidden states, its `config` positions and end tokens."""
        ...

    @property
    def vocabulary(self) -> int:
        """V, the number of token ids."""
        ...

    def embed_text(self, input_ids: Tensor) -> Tensor:
        """Embeddings [B, T, H] of token ids [B, T]."""
        ...


@dataclass(frozen=True, slots=True)
class GeneratedTokens:
    """New token ids of one row, without the end token."""

    ids: list[int]
    stop_reason: Literal["end", "length"]


@dataclass(frozen=True, slots=True)
class Beginning:
    """What the first step of a batch computes, and what was computed before it."""

    embeds: Tensor
    """[B, new, H]: the last positions of the rows."""
    mask: Tensor
    """[B, P + T]: 0 where a row is padded, on the left."""
    cache: "DynamicCache | PlainCache"
    """Keys of the positions before `embeds`."""


def left_padded(
    model: Speaker, prefix: Tensor | Sequence[Tensor] | None, prompts: Sequence[Sequence[int]]
) -> tuple[Tensor, Tensor]:
    """Embeddings [B, P + T, H] and mask [B, P + T] of prompts of different lengths, T the longest."""
    device = next(model.language_model.parameters()).device
    rows: list[Tensor] = []
    for index, prompt in enumerate(prompts):
        text = model.embed_text(torch.tensor(prompt, device=device))
        audio = text[:0] if prefix is None else prefix[index].to(text)
        rows.append(torch.cat([audio, text]))
    lengths = torch.tensor([len(row) for row in rows], device=device)
    embeds = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_side="left")
    mask = torch.arange(embeds.shape[1], device=device) >= (embeds.shape[1] - lengths).unsqueeze(1)
    return embeds, mask.long()


def positions_of(mask: Tensor) -> Tensor:
    """Positions [B, L] of a mask [B, L]; padding does not count."""
    return (mask.cumsum(1) - 1).clamp_min(0)


def end_tokens(model: Speaker) -> frozenset[int]:
    """Ids that end an answer."""
    ends: Any = model.language_model.config.eos_token_id
    return frozenset(ends if isinstance(ends, list) else [] if ends is None else [ends])


def position_limit(model: Speaker) -> int:
    """How many positions the language model has, audio and text together."""
    return getattr(model.language_model.config, "max_position_embeddings", None) or sys.maxsize


def _steps(model: Speaker, length: int, wanted: int) -> int:
    """How many tokens fit behind `length` positions.

    Raises:
        InvalidRequestError: none does.
    """
    limit = position_limit(model)
    if length >= limit:
        raise InvalidRequestError(
            f"the prompt is too long: {length} positions with the audio, the model has {limit}; shorten it"
        )
    return min(wanted, limit - length)


class _Rows:
    """What each row has said so far, and how much it may still say."""

    def __init__(self, prompts: Sequence[Sequence[int]], room: Sequence[int], model: Speaker) -> None:
        self.ends = end_tokens(model)
        self.room = room
        self.new: list[list[int]] = [[] for _ in prompts]
        self.ended = [False] * len(prompts)
        self.seen = torch.zeros(len(prompts), model.vocabulary, dtype=torch.bool)
        for row, prompt in enumerate(prompts):
            self.seen[row, list(prompt)] = True

    def over(self, row: int) -> bool:
        """The row says no more."""
        return self.ended[row] or len(self.new[row]) == self.room[row]

    def refuse_damage(self, logits: Tensor) -> None:
        """A row that is not over must have logits [V] that mean something: the highest of NaN is any token.

        Raises:
            NonFiniteResultError: one is NaN or infinite.
        """
        broken = (~logits.isfinite().all(-1)).tolist()
        if any(wrong and not self.over(row) for row, wrong in enumerate(broken)):
            raise NonFiniteResultError(
                "the language model gave logits that are NaN or infinite, which say nothing: its numbers "
                "overflowed, or its weights are damaged. Load it as float32, or from a sound copy"
            )

    def add(self, tokens: list[int]) -> None:
        """Takes the next token of every row that is not over."""
        for row, token in enumerate(tokens):
            if self.over(row):
                continue
            self.ended[row] = token in self.ends
            self.seen[row, token] = True
            if not self.ended[row]:
                self.new[row].append(token)

    def results(self) -> list[GeneratedTokens]:
        """What the rows said."""
        return [
            GeneratedTokens(ids, "end" if ended else "length")
            for ids, ended in zip(self.new, self.ended, strict=True)
        ]


class Decoding:
    """Answers of a batch while they are written, one token a row at each step.

    Raises:
        InvalidRequestError: a prompt does not fit into the model's positions.
    """

    def __init__(
        self, model: Speaker, begin: Beginning, prompts: Sequence[Sequence[int]], options: Generation
    ) -> None:
        self._model = model
        self._options = options
        self._embeds, self._mask, self._cache = begin.embeds, begin.mask, begin.cache
        self._positions = positions_of(begin.mask)[:, -begin.embeds.shape[1] :]
        # by the row's own length: in a batch it says as much as alone
        room = [_steps(model, length, options.max_new_tokens) for length in begin.mask.sum(1).tolist()]
        self._rows = _Rows(prompts, room, model)
        self._generators = [torch.Generator().manual_seed(options.seed) for _ in prompts]

    @property
    def over(self) -> bool:
        """No row says any more."""
        return all(map(self._rows.over, range(len(self._rows.new))))

    @torch.inference_mode()
    def step(self) -> None:
        """The next token of every row.

        Raises:
            NonFiniteResultError: a row's logits are NaN or infinite.
        """
        output = self._model.language_model(
            inputs_embeds=self._embeds,
            attention_mask=self._mask,
            position_ids=self._positions,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
        )
        logits = output.logits[:, -1].float()  # (B, V)
        self._rows.refuse_damage(logits)
        scores = process_scores(logits, self._rows.seen.to(logits.device), self._options)
        chosen = choose(scores, self._options, self._generators)
        self._rows.add(chosen.tolist())
        self._embeds = self._model.embed_text(chosen.unsqueeze(1))
        self._mask = torch.nn.functional.pad(self._mask, (0, 1), value=1)
        # a row that is over may have used up its positions; it is not heard any more
        self._positions = (self._positions[:, -1:] + 1).clamp_max(position_limit(self._model) - 1)

    def results(self) -> list[GeneratedTokens]:
        """What the rows have said so far."""
        return self._rows.results()


@torch.inference_mode()
def generate(
    model: Speaker,
    prefix: Tensor | None,
    prompts: Sequence[Sequence[int]],
    options: Generation,
    check: Callable[[], None] = lambda: None,
) -> list[GeneratedTokens]:
    """Answers to prompts (token ids that begin with BOS) after their audio.

    Args:
        model: The model, in evaluation mode.
        prefix: Audio prefix [B, P, H], or None for text alone.
        prompts: B lists of token ids.
        options: Greedy unless `do_sample`; a row draws from its own generator, seeded alike in each row.
        check: Called before each token; raises when the caller gave up.

    Raises:
        InvalidRequestError: a prompt does not fit into the model's positions.
        NonFiniteResultError: the logits of a row are NaN or infinite.
    """
    embeds, mask = left_padded(model, prefix, prompts)
    cache = empty_cache(model)
    return finish(Decoding(model, Beginning(embeds, mask, cache), prompts, options), check)


def finish(decoding: Decoding, check: Callable[[], None]) -> list[GeneratedTokens]:
    """All the steps; `check` is called before each."""
    while not decoding.over:
        check()
        decoding.step()
    return decoding.results()
