"""How the next token is chosen: the processors of the official scripts, in their order.

Repetition penalty (Keskar et al. 2019) over the text prompt and what was generated, then temperature,
top-k, top-p (Holtzman et al. 2020). Shapes: B batch, V vocabulary.
"""

import torch
from torch import Tensor

from gama_operations.models.surface import Generation, Preset

OFFICIAL_SAMPLING = Generation(
    max_new_tokens=400, do_sample=True, temperature=0.1, top_p=0.95, top_k=500, repetition_penalty=1.1
)
"""What `gama_inf.py` does."""
OFFICIAL_SINGLE_SAMPLING = Generation(
    max_new_tokens=400, do_sample=True, temperature=0.1, top_p=0.95, top_k=50
)
"""What `gama_inf_single_audio.py` does."""
PRESETS: dict[Preset, Generation] = {
    "official-inference": OFFICIAL_SAMPLING,
    "official-single-audio": OFFICIAL_SINGLE_SAMPLING,
}


def penalised(scores: Tensor, seen: Tensor, penalty: float) -> Tensor:
    """Scores [B, V] with the tokens of `seen` [B, V] made less likely."""
    if penalty == 1.0:
        return scores
    return torch.where(seen, torch.where(scores < 0, scores * penalty, scores / penalty), scores)


def top_k_only(scores: Tensor, k: int) -> Tensor:
    """The k highest scores; the others become -inf. 0 keeps all."""
    if k in {0, scores.shape[-1]}:
        return scores
    lowest = scores.topk(min(k, scores.shape[-1])).values[..., -1:]
    return scores.masked_fill(scores < lowest, -torch.inf)


def top_p_only(scores: Tensor, p: float) -> Tensor:
    """The smallest set of tokens whose probability reaches p; at least one."""
    if p >= 1.0:
        return scores
    ascending, order = scores.sort()
    dropped = ascending.softmax(-1).cumsum(-1) <= 1 - p
    dropped[..., -1] = False
    return scores.masked_fill(dropped.scatter(-1, order, dropped), -torch.inf)


def process_scores(logits: Tensor, seen: Tensor, options: Generation) -> Tensor:
    """Scores [B, V] that the next token is chosen from; greedy decoding knows the penalty only."""
    scores = penalised(logits, seen, options.repetition_penalty)
    if not options.do_sample:
        return scores
    return top_p_only(top_k_only(scores / options.temperature, options.top_k), options.top_p)


def choose(scores: Tensor, options: Generation, generators: list[torch.Generator]) -> Tensor:
    """Token ids [B]: the highest score, or one draw a row from that row's own generator."""
    if not options.do_sample:
        return scores.argmax(-1)
    rows = scores.softmax(-1).cpu()
    drawn = [torch.multinomial(row, 1, generator=one) for row, one in zip(rows, generators, strict=True)]
    return torch.cat(drawn).to(scores.device)
