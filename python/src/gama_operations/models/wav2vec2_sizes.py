"""What config.json says of an encoder that we compute ourselves; the defaults are those of transformers."""

from dataclasses import dataclass
from typing import Any, Self

BASE_CONVOLUTIONS = ((512,) * 7, (10, 3, 3, 3, 3, 2, 2), (5, 2, 2, 2, 2, 2, 2))


@dataclass(frozen=True, slots=True)
class EncoderSizes:
    """Sizes of a wav2vec2 or a HuBERT; field by field what transformers' config calls them."""

    conv_dim: tuple[int, ...]
    conv_kernel: tuple[int, ...]
    conv_stride: tuple[int, ...]
    conv_bias: bool
    feat_extract_norm: str
    do_stable_layer_norm: bool
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_conv_pos_embeddings: int
    num_conv_pos_embedding_groups: int
    layer_norm_eps: float
    masks_in_training: bool
    """A vector for masked frames lies among the weights; no answer depends on it."""

    @classmethod
    def of(cls, values: dict[str, Any]) -> Self | None:
        """The sizes; None for what transformers has to make, or to refuse with its own words."""
        kind = values.get("model_type")
        unusual = (
            kind not in ("wav2vec2", "hubert"),
            values.get("hidden_act", "gelu") != "gelu",
            values.get("feat_extract_activation", "gelu") != "gelu",
            values.get("adapter_attn_dim") is not None,
            kind == "hubert" and values.get("feat_proj_layer_norm", True) is not True,
            kind == "hubert" and values.get("conv_pos_batch_norm", False) is not False,
        )
        if any(unusual):
            return None
        dim, kernel, stride = (
            _whole_numbers(values.get(name, default))
            for name, default in zip(
                ("conv_dim", "conv_kernel", "conv_stride"), BASE_CONVOLUTIONS, strict=True
            )
        )
        masked = [
            values.get(name, default)
            for name, default in (("mask_time_prob", 0.05), ("mask_feature_prob", 0.0))
        ]
        flags = [values.get(name, False) for name in ("conv_bias", "do_stable_layer_norm")]
        if not all(isinstance(flag, bool) for flag in flags) or not all(
            _is_number(value) for value in masked
        ):
            return None
        sizes = cls(
            dim,
            kernel,
            stride,
            flags[0],
            values.get("feat_extract_norm", "group"),
            flags[1],
            values.get("hidden_size", 768),
            values.get("intermediate_size", 3072),
            values.get("num_hidden_layers", 12),
            values.get("num_attention_heads", 12),
            values.get("num_conv_pos_embeddings", 128),
            values.get("num_conv_pos_embedding_groups", 16),
            values.get("layer_norm_eps", 1e-5),
            any(probability > 0 for probability in masked),
        )
        return sizes if sizes._fit(values.get("num_feat_extract_layers", len(dim))) else None

    def _fit(self, convolutions: object) -> bool:
        counts = (
            self.hidden_size,
            self.intermediate_size,
            self.num_hidden_layers,
            self.num_attention_heads,
            self.num_conv_pos_embeddings,
            self.num_conv_pos_embedding_groups,
        )
        return (
            all(_is_count(count) for count in (*counts, *self.conv_dim, *self.conv_kernel, *self.conv_stride))
            and len(self.conv_dim) == len(self.conv_kernel) == len(self.conv_stride) == convolutions
            and self.feat_extract_norm in ("group", "layer")
            and self.hidden_size % self.num_attention_heads == 0
            and self.hidden_size % self.num_conv_pos_embedding_groups == 0
            and _is_number(self.layer_norm_eps)
        )


def _whole_numbers(values: object) -> tuple[int, ...]:
    return tuple(values) if isinstance(values, (list, tuple)) else ()


def _is_count(value: object) -> bool:
    return type(value) is int and value > 0  # True is no count


def _is_number(value: object) -> bool:
    return type(value) in (int, float)
