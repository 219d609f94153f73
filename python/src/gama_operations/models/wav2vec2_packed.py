"""wav2vec2 and HuBERT in plain torch: clips of any lengths in one pass, and not a frame of padding.

What sees no neighbours in time (projections, norms, feed-forward) computes the frames of all clips as one
long table; what does (convolutions, attention) computes clip by clip. So a clip's features are those it has
alone, and short clips still share the reading of the weights. Names of modules are those of transformers,
whose numbers these are (`test_wav2vec2_packed.py`, each layer); it need not be imported.

The convolutions go through a clip in pieces whose activations stay in the cache. The group norm of the base
models looks at the whole clip: its mean and variance follow from the covariance of the samples under the
first kernel, so that norm and first convolution are one convolution with other weights for each clip.

Measured on 2 cores of a machine with other load, one thread, CPU time for 20 s of audio: convolutions of the
base size by transformers 1.37 s, here 0.95 s (1.15 s in one piece, 1.29 s in pieces of 25 frames).
Shapes: T samples, L frames, N frames of all clips, C channels, K kernel, D features.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import conv1d, gelu, scaled_dot_product_attention
from torch.nn.utils.parametrizations import weight_norm
from torch.nn.utils.parametrize import remove_parametrizations

from gama_operations.models.wav2vec2_sizes import EncoderSizes

PIECE_FRAMES = 200
"""Four seconds: 26 MB behind the first convolution of the base size. Each call reads the weights again."""


class Convolution(nn.Module):
    """One layer from samples to frames; `layer_norm` as its kind has it."""

    def __init__(self, sizes: EncoderSizes, index: int) -> None:
        super().__init__()
        before = sizes.conv_dim[index - 1] if index else 1
        width = sizes.conv_dim[index]
        self.conv = nn.Conv1d(
            before, width, sizes.conv_kernel[index], sizes.conv_stride[index], bias=sizes.conv_bias
        )
        self.over_time = sizes.feat_extract_norm == "group" and index == 0
        if self.over_time:
            self.layer_norm = nn.GroupNorm(width, width)
        elif sizes.feat_extract_norm == "layer":
            self.layer_norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        """[1, C, T] to [1, C', T']."""
        x = self.conv(x)
        if not self.over_time and hasattr(self, "layer_norm"):
            x = self.layer_norm(x.transpose(1, 2)).transpose(1, 2)
        return gelu(x)

    def normed(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        """Weight [C, 1, K] and bias [C] that convolve and normalise this clip [T] at once."""
        norm, weight = self.layer_norm, self.conv.weight.double()[:, 0]  # (C, K)
        windows = samples.double().unfold(0, weight.shape[1], self.conv.stride[0])  # (L, K)
        centre = windows.mean(0)
        off = windows - centre
        covariance = off.T @ off / len(windows)
        variance = ((weight @ covariance) * weight).sum(1).clamp_min(0)
        scale = norm.weight.double() / (variance + norm.eps).sqrt()  # (C,)
        # a bias of the convolution goes out with the mean
        bias = norm.bias.double() - scale * (weight @ centre)
        dtype = self.conv.weight.dtype
        return (weight * scale[:, None])[:, None].to(dtype), bias.to(dtype)


class FeatureExtractor(nn.Module):
    """Samples to frames."""

    def __init__(self, sizes: EncoderSizes) -> None:
        super().__init__()
        self.conv_layers = nn.ModuleList(Convolution(sizes, index) for index in range(len(sizes.conv_dim)))
        self.hop, self.field = 1, 1
        for kernel, stride in zip(sizes.conv_kernel, sizes.conv_stride, strict=True):
            self.field += (kernel - 1) * self.hop
            self.hop *= stride

    def forward(self, samples: Tensor) -> Tensor:
        """[T] to [L, C]."""
        first, *others = cast("Sequence[Convolution]", self.conv_layers)
        own = first.normed(samples) if first.over_time else None
        hop, field = self.hop, self.field
        frames: list[Tensor] = []
        for start in range(0, len(samples) - field + 1, PIECE_FRAMES * hop):
            x = samples[start : start + (PIECE_FRAMES - 1) * hop + field][None, None]
            x = first(x) if own is None else gelu(conv1d(x, *own, first.conv.stride))
            for layer in others:
                x = layer(x)
            frames.append(x[0].T)
        return torch.cat(frames)


class FeatureProjection(nn.Module):
    """Frames to the width of the transformer."""

    def __init__(self, sizes: EncoderSizes) -> None:
        super().__init__()
        self.layer_norm = nn.LayerNorm(sizes.conv_dim[-1], eps=sizes.layer_norm_eps)
        self.projection = nn.Linear(sizes.conv_dim[-1], sizes.hidden_size)

    def forward(self, frames: Tensor) -> Tensor:
        """[N, C] to [N, D]."""
        return self.projection(self.layer_norm(frames))


class PositionalConvolution(nn.Module):
    """What tells frames their places."""

    def __init__(self, sizes: EncoderSizes) -> None:
        super().__init__()
        kernel = sizes.num_conv_pos_embeddings
        conv = nn.Conv1d(
            sizes.hidden_size,
            sizes.hidden_size,
            kernel,
            padding=kernel // 2,
            groups=sizes.num_conv_pos_embedding_groups,
        )
        self.conv = weight_norm(conv, dim=2)

    def forward(self, frames: Tensor) -> Tensor:
        """[L, D] of one clip to [L, D]; an even kernel reaches one frame further back than ahead."""
        return gelu(self.conv(frames.T[None])[0, :, : len(frames)]).T


class SelfAttention(nn.Module):
    """Attention of each clip over itself."""

    def __init__(self, sizes: EncoderSizes) -> None:
        super().__init__()
        self.heads = sizes.num_attention_heads
        width = sizes.hidden_size
        self.k_proj, self.v_proj, self.q_proj, self.out_proj = (nn.Linear(width, width) for _ in range(4))

    def forward(self, x: Tensor, lengths: Sequence[int]) -> Tensor:
        """[N, D] to [N, D]."""
        q, k, v = (
            part(x).unflatten(1, (self.heads, -1)).transpose(0, 1).split(lengths, 1)
            for part in (self.q_proj, self.k_proj, self.v_proj)
        )  # each clip (heads, L, D / heads)
        attended = [
            scaled_dot_product_attention(query[None], key[None], value[None])[0].transpose(0, 1).flatten(1)
            for query, key, value in zip(q, k, v, strict=True)
        ]
        return self.out_proj(torch.cat(attended))


class FeedForward(nn.Module):
    """Two layers with the exact GELU between them."""

    def __init__(self, sizes: EncoderSizes) -> None:
        super().__init__()
        self.intermediate_dense = nn.Linear(sizes.hidden_size, sizes.intermediate_size)
        self.output_dense = nn.Linear(sizes.intermediate_size, sizes.hidden_size)

    def forward(self, x: Tensor) -> Tensor:
        """[N, D] to [N, D]."""
        return self.output_dense(gelu(self.intermediate_dense(x)))


class Block(nn.Module):
    """One transformer block; `stable` normalises before its parts, else after them."""

    def __init__(self, sizes: EncoderSizes) -> None:
        super().__init__()
        self.stable = sizes.do_stable_layer_norm
        self.attention = SelfAttention(sizes)
        self.layer_norm, self.final_layer_norm = (
            nn.LayerNorm(sizes.hidden_size, eps=sizes.layer_norm_eps) for _ in range(2)
        )
        self.feed_forward = FeedForward(sizes)

    def forward(self, x: Tensor, lengths: Sequence[int]) -> Tensor:
        """[N, D] to [N, D]."""
        if self.stable:
            x = x + self.attention(self.layer_norm(x), lengths)
            return x + self.feed_forward(self.final_layer_norm(x))
        x = self.layer_norm(x + self.attention(x, lengths))
        return self.final_layer_norm(x + self.feed_forward(x))


class Encoder(nn.Module):
    """Positions and transformer blocks."""

    def __init__(self, sizes: EncoderSizes) -> None:
        super().__init__()
        self.stable = sizes.do_stable_layer_norm
        self.pos_conv_embed = PositionalConvolution(sizes)
        self.layer_norm = nn.LayerNorm(sizes.hidden_size, eps=sizes.layer_norm_eps)
        self.layers = nn.ModuleList(Block(sizes) for _ in range(sizes.num_hidden_layers))

    def states(self, x: Tensor, lengths: Sequence[int]) -> Iterator[Tensor]:
        """From [N, D]: what enters the first block, and leaves each; no further than it is asked for."""
        x = x + torch.cat([self.pos_conv_embed(clip) for clip in x.split(lengths)])
        if not self.stable:
            x = self.layer_norm(x)
        yield x
        for index, block in enumerate(self.layers, 1):
            x = block(x, lengths)
            yield self.layer_norm(x) if self.stable and index == len(self.layers) else x


class PackedEncoder(nn.Module):
    """The whole encoder, with the names that transformers gives its tensors."""

    base_model_prefix: str

    def __init__(self, sizes: EncoderSizes, prefix: str) -> None:
        super().__init__()
        self.base_model_prefix = prefix
        self.feature_extractor = FeatureExtractor(sizes)
        self.feature_projection = FeatureProjection(sizes)
        if sizes.masks_in_training:
            self.masked_spec_embed = nn.Parameter(torch.empty(sizes.hidden_size))
        self.encoder = Encoder(sizes)

    def freeze(self) -> None:
        """For good: the kernel of positions is no longer made of its direction and its length each time."""
        remove_parametrizations(self.encoder.pos_conv_embed.conv, "weight")
        self.eval().requires_grad_(requires_grad=False)

    def forward(self, clips: Sequence[Tensor], layer: int) -> list[Tensor]:
        """Frames [L, D] of each clip [T]: what enters block `layer`, or leaves the last one."""
        x, lengths = self._projected(clips)
        state = next(islice(self.encoder.states(x, lengths), layer, None))
        return list(state.split(lengths))

    def states(self, clip: Tensor) -> list[Tensor]:
        """Frames [L, D] of all layers of a clip [T], in one pass."""
        return list(self.encoder.states(*self._projected([clip])))

    def _projected(self, clips: Sequence[Tensor]) -> tuple[Tensor, list[int]]:
        frames = [self.feature_extractor(clip) for clip in clips]
        return self.feature_projection(torch.cat(frames)), [len(one) for one in frames]
