"""A Llama in plain torch, for configs as small as gama-tiny's: transformers takes 3 s and 145 MB to import.

It has the part of transformers' surface that a GAMA uses, the names of its tensors, and its numbers
(`test_plain_llama.py`, each layer). Any other config, random weights, a kind of attention that is asked for,
and training are transformers' own.
Shapes: B batch, L new positions, C positions with those before, H width, V vocabulary.
"""

from dataclasses import dataclass
from typing import Any, Self, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, scaled_dot_product_attention, silu

ROPE_BASE = 10_000.0  # as LlamaConfig has it
COUNTS = (
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "max_position_embeddings",
)
OTHERS = frozenset(
    {
        "model_type",
        "num_key_value_heads",
        "tie_word_embeddings",
        "bos_token_id",
        "eos_token_id",
        "pad_token_id",
        "rms_norm_eps",
    }
)


@dataclass(frozen=True, slots=True)
class PlainConfig:
    """The fields that count, by transformers' names."""

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    max_position_embeddings: int
    tie_word_embeddings: bool
    bos_token_id: int | None
    eos_token_id: int | list[int] | None
    rms_norm_eps: float
    model_type: str = "llama"
    _attn_implementation: str = "sdpa"

    @classmethod
    def of(cls, values: dict[str, Any]) -> Self | None:
        """None for a config that says anything else than sizes, or leaves one out."""
        kind = values.get("model_type", "llama")
        if kind != "llama" or not values.keys() <= {*COUNTS, *OTHERS}:
            return None
        counts = [values.get(name) for name in COUNTS]
        heads = values.get("num_attention_heads")
        if not all(type(count) is int and count > 0 for count in counts):
            return None
        width = cast("int", values["hidden_size"])
        if values.get("num_key_value_heads", heads) != heads or width % (2 * cast("int", heads)):
            return None
        return cls(
            *cast("list[int]", counts),
            tie_word_embeddings=bool(values.get("tie_word_embeddings", False)),
            bos_token_id=values.get("bos_token_id", 1),
            eos_token_id=values.get("eos_token_id", 2),
            rms_norm_eps=values.get("rms_norm_eps", 1e-6),
        )

    def get_text_config(self, *, decoder: bool = False) -> Self:
        """Itself: it is of text alone."""
        del decoder
        return self


class PlainCache:
    """Keys and values [B, heads, C, width] of each layer."""

    def __init__(self, layers: int) -> None:
        self.layers = [PlainCacheLayer() for _ in range(layers)]

    def update(self, keys: Tensor, values: Tensor, index: int) -> tuple[Tensor, Tensor]:
        """Those of a layer, with the new ones behind."""
        layer = self.layers[index]
        layer.keys = keys if layer.keys is None else torch.cat([layer.keys, keys], -2)
        layer.values = values if layer.values is None else torch.cat([layer.values, values], -2)
        return layer.keys, layer.values


@dataclass(eq=False, slots=True)
class PlainCacheLayer:
    """One layer's."""

    keys: Tensor | None = None
    values: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Places:
    """What all layers share: rotations [B, 1, L, width], and the mask to be added [B, 1, L, C]."""

    cos: Tensor
    sin: Tensor
    mask: Tensor

    def turned(self, x: Tensor) -> Tensor:
        """[B, heads, L, width], rotated by its position."""
        first, second = x.chunk(2, -1)
        return x * self.cos + torch.cat([-second, first], -1) * self.sin


class RmsNorm(nn.Module):
    """Zhang and Sennrich (NeurIPS 2019), computed in float32."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """[..., H] to [..., H]."""
        wide = x.float()
        return self.weight * (wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + self.eps)).to(x.dtype)


class Attention(nn.Module):
    """Multi-head attention with rotary positions."""

    def __init__(self, config: PlainConfig) -> None:
        super().__init__()
        width = config.hidden_size
        self.heads = config.num_attention_heads
        self.q_proj, self.k_proj, self.v_proj, self.o_proj = (
            nn.Linear(width, width, bias=False) for _ in range(4)
        )

    def forward(self, x: Tensor, places: Places, cache: PlainCache | None, index: int) -> Tensor:
        """[B, L, H] to [B, L, H]."""
        q, k, v = (
            part(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for part in (self.q_proj, self.k_proj, self.v_proj)
        )  # (B, heads, L, width)
        q, k = places.turned(q), places.turned(k)
        if cache is not None:
            k, v = cache.update(k, v, index)
        return self.o_proj(scaled_dot_product_attention(q, k, v, places.mask).transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    """SwiGLU."""

    def __init__(self, config: PlainConfig) -> None:
        super().__init__()
        sizes = (config.hidden_size, config.intermediate_size)
        self.gate_proj, self.up_proj = (nn.Linear(*sizes, bias=False) for _ in range(2))
        self.down_proj = nn.Linear(sizes[1], sizes[0], bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[..., H] to [..., H]."""
        return self.down_proj(silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    """Pre-norm block."""

    def __init__(self, config: PlainConfig) -> None:
        super().__init__()
        self.self_attn = Attention(config)
        self.mlp = FeedForward(config)
        self.input_layernorm, self.post_attention_layernorm = (
            RmsNorm(config.hidden_size, config.rms_norm_eps) for _ in range(2)
        )

    def forward(self, x: Tensor, places: Places, cache: PlainCache | None, index: int) -> Tensor:
        """[B, L, H] to [B, L, H]."""
        x = x + self.self_attn(self.input_layernorm(x), places, cache, index)
        return x + self.mlp(self.post_attention_layernorm(x))


@dataclass(frozen=True, slots=True)
class BodyOutput:
    """As transformers calls it."""

    last_hidden_state: Tensor
    """[B, L, H], after the norm."""
    hidden_states: tuple[Tensor, ...] | None
    """What enters the first layer, and leaves each of the others but the last; that is normed."""


@dataclass(frozen=True, slots=True)
class HeadOutput:
    """As transformers calls it."""

    logits: Tensor
    """[B, L, V], or of the last positions only."""


class Body(nn.Module):
    """Everything but the output matrix."""

    def __init__(self, config: PlainConfig) -> None:
        super().__init__()
        self.config = config
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))
        self.norm = RmsNorm(config.hidden_size, config.rms_norm_eps)

    def forward(
        self,
        *,
        inputs_embeds: Tensor,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        past_key_values: PlainCache | None = None,
        use_cache: bool = False,
        output_hidden_states: bool = False,
    ) -> BodyOutput:
        """As transformers: a mask [B, C] of ones and zeros, or one [B, 1, L, C] to be added."""
        cache = past_key_values if use_cache else None
        places = self._places(inputs_embeds, attention_mask, position_ids, cache)
        x = inputs_embeds
        states = [x]
        for index, layer in enumerate(self.layers):
            x = layer(x, places, cache, index)
            states.append(x)
        last = self.norm(x)
        return BodyOutput(last, (*states[:-1], last) if output_hidden_states else None)

    def _places(
        self, x: Tensor, mask: Tensor | None, positions: Tensor | None, cache: PlainCache | None
    ) -> Places:
        kept = None if cache is None else cache.layers[0].keys
        before, new = 0 if kept is None else kept.shape[-2], x.shape[1]
        if positions is None:
            positions = torch.arange(before, before + new, device=x.device)[None]
        width = self.config.hidden_size // self.config.num_attention_heads
        steps = torch.arange(0, width, 2, device=x.device, dtype=torch.float32) / width
        angles = positions[..., None].float() * (1.0 / ROPE_BASE**steps)  # (B, L, width / 2)
        angles = torch.cat([angles, angles], -1)[:, None]
        return Places(angles.cos().to(x.dtype), angles.sin().to(x.dtype), _added(mask, x, before))


def _added(mask: Tensor | None, x: Tensor, before: int) -> Tensor:
    """[B, 1, L, C]: no position sees what follows it, or padding.

    Hidden by the lowest number: what is padding itself sees nothing at all, and must not become NaN.
    """
    if mask is not None and mask.dim() == 4:
        return mask
    new = x.shape[1]
    seen = torch.ones(new, before + new, dtype=torch.bool, device=x.device).tril(before)[None, None]
    if mask is not None:
        seen = seen & pad(mask, (before + new - mask.shape[1], 0), value=1).bool()[:, None, None]
    hidden = torch.zeros(seen.shape, dtype=x.dtype, device=x.device)
    return hidden.masked_fill(~seen, torch.finfo(x.dtype).min)


class PlainLlama(nn.Module):
    """A causal language model."""

    def __init__(self, config: PlainConfig) -> None:
        super().__init__()
        self.config = config
        self.model = Body(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.tie_weights()

    @property
    def base_model(self) -> Body:
        """Everything but the output matrix."""
        return self.model

    def get_input_embeddings(self) -> nn.Embedding:
        """Of the tokens."""
        return self.model.embed_tokens

    def get_output_embeddings(self) -> nn.Linear:
        """The output matrix."""
        return self.lm_head

    def tie_weights(self) -> None:
        """One matrix for input and output, where the config says so."""
        if self.config.tie_word_embeddings:
            self.lm_head.weight = self.model.embed_tokens.weight

    def forward(self, *, logits_to_keep: int = 0, **inputs: Any) -> HeadOutput:
        """Logits of the last `logits_to_keep` positions, of all where it is 0; `inputs` as in `Body`."""
        hidden = self.model(**inputs).last_hidden_state
        return HeadOutput(self.lm_head(hidden[:, -logits_to_keep:] if logits_to_keep else hidden))
