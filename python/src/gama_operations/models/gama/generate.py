"""Writing the answer token by token, with a key-value cache.

A batch is padded on the left, before the audio: [pad][audio prefix][text]. Padding is masked and does not
count in the positions, so that every row equals a run of its own (the released code cannot batch).
Shapes: B batch, P prefix tokens, T text tokens, H width, V vocabulary.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import torch
from torch import Tensor
from transformers import DynamicCache

from gama_operations.errors import InvalidRequestError
from gama_operations.models.gama.model import Gama
from gama_operations.models.gama.sampling import choose, process_scores
from gama_operations.models.surface import Generation


@dataclass(frozen=True, slots=True)
class GeneratedTokens:
    """New token ids of one row, without the end token."""

    ids: list[int]
    stop_reason: Literal["end", "length"]


def left_padded(
    model: Gama, prefix: Tensor | None, prompts: Sequence[Sequence[int]]
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


def end_tokens(model: Gama) -> frozenset[int]:
    """Ids that end an answer."""
    ends: Any = model.language_model.config.eos_token_id
    return frozenset(ends if isinstance(ends, list) else [] if ends is None else [ends])


def _steps(model: Gama, length: int, wanted: int) -> int:
    """How many tokens fit behind `length` positions.

    Raises:
        InvalidRequestError: none does.
    """
    limit: int | None = getattr(model.language_model.config, "max_position_embeddings", None)
    if limit is None:
        return wanted
    if length >= limit:
        raise InvalidRequestError(
            f"the prompt is too long: {length} positions with the audio, the model has {limit}; shorten it"
        )
    return min(wanted, limit - length)


class _Rows:
    """What each row has said so far."""

    def __init__(self, prompts: Sequence[Sequence[int]], ends: frozenset[int], vocabulary: int) -> None:
        self.ends = ends
        self.new: list[list[int]] = [[] for _ in prompts]
        self.ended = [False] * len(prompts)
        self.seen = torch.zeros(len(prompts), vocabulary, dtype=torch.bool)
        for row, prompt in enumerate(prompts):
            self.seen[row, list(prompt)] = True

    def add(self, tokens: list[int]) -> None:
        """Takes the next token of every row; rows that ended say no more."""
        for row, token in enumerate(tokens):
            if self.ended[row]:
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


@torch.inference_mode()
def generate(
    model: Gama,
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
    """
    embeds, mask = left_padded(model, prefix, prompts)
    steps = _steps(model, embeds.shape[1], options.max_new_tokens)
    positions = (mask.cumsum(1) - 1).clamp_min(0)
    rows = _Rows(prompts, end_tokens(model), model.vocabulary)
    generators = [torch.Generator().manual_seed(options.seed) for _ in prompts]
    cache = DynamicCache(config=cast("Any", model.language_model.config))
    for _ in range(steps):
        check()
        output = model.language_model(
            inputs_embeds=embeds,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        logits = output.logits[:, -1].float()  # (B, V)
        chosen = choose(process_scores(logits, rows.seen.to(logits.device), options), options, generators)
        rows.add(chosen.tolist())
        if all(rows.ended):
            break
        embeds = model.embed_text(chosen.unsqueeze(1))
        mask = torch.nn.functional.pad(mask, (0, 1), value=1)
        positions = positions[:, -1:] + 1
    return rows.results()
