"""How likely a model finds each of several answers, all of them in one pass.

The answers stand side by side behind the prompt: each sees the audio, the prompt and itself, at the
positions that it would have alone. So the audio and the prompt are computed once for all of them.
Shapes: N new positions, C kept ones, V vocabulary.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gama_operations.errors import CapabilityError, InvalidRequestError
from gama_operations.models.gama.generate import Speaker, end_tokens, position_limit, positions_of
from gama_operations.models.gama.kept_audio import HeardAudio, continued
from gama_operations.models.gama.key_values import keeps_keys
from gama_operations.models.load_options import attention_of

TOKENS_AT_ONCE = 512
"""Of all answers in a pass; bounds its logits (65 MB of float32 with 32,000 token ids)."""
MASKED_BY_US = ("sdpa", "eager")
"""Ways to compute attention that take a mask of their caller's."""


@dataclass(frozen=True, slots=True)
class Likelihood:
    """Of one answer."""

    log_probability: float
    """Natural logarithm of the probability that this is what is said: the sum over its tokens."""
    tokens: int
    """How many, with the end of the answer where it was asked for."""


@torch.inference_mode()
def likelihoods(
    model: Speaker,
    clip: HeardAudio,
    prompt: Sequence[int],
    answers: Sequence[Sequence[int]],
    *,
    end: bool,
    check: Callable[[], None] = lambda: None,
) -> list[Likelihood]:
    """Likelihoods of answers (token ids, none empty) after a clip and a prompt.

    Args:
        model: The model, in evaluation mode.
        clip: The audio.
        prompt: Token ids that begin with BOS.
        answers: Token ids of each, as they follow the prompt.
        end: Also count that the answer ends there.
        check: Called before each pass; raises when the caller gave up.

    Raises:
        CapabilityError: the language model's attention cannot be masked by us.
        InvalidRequestError: an answer does not fit into the model's positions.
    """
    _refuse_other_attention(model)
    longest = len(clip.prefix) + len(prompt) + max(map(len, answers))
    if longest > position_limit(model):
        raise InvalidRequestError(
            f"the longest candidate is too long: {longest} positions with audio and prompt, the model has "
            f"{position_limit(model)}; shorten it, or the prompt"
        )
    found: list[Likelihood] = []
    for some in _passes(answers):
        check()
        found += _one_pass(model, clip, prompt, some, end=end)
    return found


def _refuse_other_attention(model: Speaker) -> None:
    attention = attention_of(model.language_model)
    if not keeps_keys(model) or attention not in MASKED_BY_US:
        raise CapabilityError(
            f"{model.language_model.config.model_type} with attention {attention!r} cannot score: candidates "
            f"stand side by side, which needs full attention, by {' or '.join(MASKED_BY_US)}"
        )


def _passes(answers: Sequence[Sequence[int]]) -> Iterator[list[Sequence[int]]]:
    some: list[Sequence[int]] = []
    for answer in answers:
        if some and sum(map(len, some)) + len(answer) > TOKENS_AT_ONCE:
            yield some
            some = []
        some.append(answer)
    yield some


def _one_pass(
    model: Speaker, clip: HeardAudio, prompt: Sequence[int], answers: Sequence[Sequence[int]], *, end: bool
) -> list[Likelihood]:
    begin = continued(model, [clip], [prompt])
    device = begin.embeds.device
    asked, context = begin.embeds.shape[1], begin.mask.shape[1]
    lengths = [len(answer) for answer in answers]
    ids = torch.tensor([token for answer in answers for token in answer], device=device)
    owner = torch.tensor([-1] * asked + [n for n, length in enumerate(lengths) for _ in range(length)])
    behind = torch.cat([torch.arange(length) for length in lengths]).to(device) + context
    output = model.language_model(
        inputs_embeds=torch.cat([begin.embeds, model.embed_text(ids).unsqueeze(0)], 1),
        attention_mask=_side_by_side(owner.to(device), context - asked, begin.embeds.dtype),
        position_ids=torch.cat([positions_of(begin.mask)[:, -asked:], behind.unsqueeze(0)], 1),
        past_key_values=begin.cache,
        use_cache=True,
        logits_to_keep=len(ids) + 1,
    )
    logits: Tensor = output.logits[0].float()  # the prompt's last position, then those of the answers
    scores = logits - logits.logsumexp(-1, keepdim=True)
    ends = sorted(end_tokens(model)) if end else []
    found: list[Likelihood] = []
    for first, length in zip(_firsts(lengths), lengths, strict=True):
        before = [0, *range(first + 1, first + length)]  # the position that each token is said from
        said = scores[before, ids[first : first + length]]
        # any of the end tokens ends an answer
        last = scores[first + length, ends].logsumexp(-1, keepdim=True) if ends else said[:0]
        each = torch.cat([said, last])
        found.append(Likelihood(float(each.double().sum()), len(each)))
    return found


def _firsts(lengths: Sequence[int]) -> list[int]:
    """Where each answer begins among the tokens of all."""
    return [sum(lengths[:n]) for n in range(len(lengths))]


def _side_by_side(owner: Tensor, kept: int, dtype: torch.dtype) -> Tensor:
    """Mask [1, 1, N, C + N], to be added: before itself a position sees what is its own or all's (-1)."""
    places = torch.arange(len(owner), device=owner.device)
    earlier = places[:, None] >= places[None, :]
    shared = (owner[None, :] == -1) | (owner[None, :] == owner[:, None])
    seen = torch.nn.functional.pad(earlier & shared, (kept, 0), value=True)
    hidden = torch.zeros(seen.shape, dtype=dtype, device=owner.device)
    return hidden.masked_fill(~seen, torch.finfo(dtype).min)[None, None]
