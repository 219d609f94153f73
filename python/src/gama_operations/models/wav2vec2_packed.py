"""wav2vec2 and HuBERT in plain torch: clips of any lengths in one pass, and not a frame of padding.

What sees no neighbours in time (projections, norms, feed-forward) computes the frames of all clips as one
long table; what does (convolutions, attention) computes clip by clip. So a clip's features are those it has
alone, and short clips still share the reading of the weights. Names of modules are those of transformers,
whose numbers these are (`test_wav2vec2_embed.py`, each layer); it need not be imported.

The convolutions go through a clip in pieces whose activations stay in the cache. The group norm of the base
models looks at the whole clip: its mean and variance follow from the covariance of the samples under the
first kernel, so that norm and first convolution are one convolution with other weights for each clip.

Measured on 2 cores of a machine with other load, one thread, CPU time for 20 s of audio: convolutions of the
base size by transformers 1.37 s, here 0.95 s (1.15 s in one piece, 1.29 s in pieces of 25 frames). On an idle
core, 4 s of audio through wav2vec2-tiny: convolutions 4.8 ms where a frame is a row, 5.9 ms where a channel
is; positions 1.9 ms in tables, 4.2 ms by conv1d (base size, 8 s of audio: 42 ms and 114 ms).
Shapes: T samples, L frames, N frames of all clips, C channels, K kernel, D features.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, gelu, linear, pad, scaled_dot_product_attention
from torch.nn.utils.parametrizations import weight_norm
from torch.nn.utils.parametrize import remove_parametrizations

from gama_operations.models.wav2vec2_sizes import EncoderSizes

PIECE_FRAMES = 200
"""Four seconds: 26 MB behind the first convolution of the base size. Each call reads the weights again."""
FRAMES_PER_ROW = 2
"""Of positions: with one, rows are copied for each frame; with four, short clips wait for the table."""


class Convolution(nn.Module):
    """One layer from samples to frames; `layer_norm` as its kind has it."""

    kernel: Tensor

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

    def freeze(self) -> None:
        """Puts the kernel into the order in which a table of frames is read."""
        kernel = self.conv.weight.unsqueeze(2).to(memory_format=torch.channels_last)
        self.register_buffer("kernel", kernel, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """[T, C] to [T', C']."""
        wide = x.T[None, :, None]  # (1, C, 1, T), in memory still a row for each T
        x = conv2d(wide, self.kernel, self.conv.bias, (1, *self.conv.stride))[0, :, 0].T
        return self._activated(x)

    def of_samples(self, samples: Tensor, own: tuple[Tensor, Tensor] | None) -> Tensor:
        """[T] to [T', C'], for the first layer; `own` is what `normed` gave for the whole clip."""
        weight, bias = (self.conv.weight[:, 0], self.conv.bias) if own is None else own
        x = linear(samples.unfold(0, weight.shape[1], self.conv.stride[0]), weight, bias)
        return self._activated(x)

    def _activated(self, x: Tensor) -> Tensor:
        if not self.over_time and hasattr(self, "layer_norm"):
            x = self.layer_norm(x)
        return gelu(x)

    def normed(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        """Weight [C, K] and bias [C] that convolve and normalise this clip [T] at once."""
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
        return (weight * scale[:, None]).to(dtype), bias.to(dtype)


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
            x = first.of_samples(samples[start : start + (PIECE_FRAMES - 1) * hop + field], own)
            for layer in others:
                x = layer(x)
            frames.append(x)
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
    """What tells frames their places.

    A grouped convolution as one product of tables for each group: `FRAMES_PER_ROW` frames and those around
    them make a row, and the kernel stands in the other table once for each of these frames.
    """

    table: Tensor
    bias: Tensor

    def __init__(self, sizes: EncoderSizes) -> None:
        super().__init__()
        self.width, self.groups = sizes.hidden_size, sizes.num_conv_pos_embedding_groups
        self.kernel = sizes.num_conv_pos_embeddings
        conv = nn.Conv1d(self.width, self.width, self.kernel, groups=self.groups)
        self.conv = weight_norm(conv, dim=2)

    def freeze(self) -> None:
        """Makes the tables, in place of the kernel by its direction and its length."""
        conv = cast("nn.Conv1d", remove_parametrizations(self.conv, "weight"))
        each = self.width // self.groups
        taps = conv.weight.detach().view(self.groups, each, each, self.kernel)
        taps = taps.permute(0, 3, 2, 1).flatten(1, 2)  # (groups, K D / groups, D / groups)
        table = taps.new_zeros(self.groups, (self.kernel - 1 + FRAMES_PER_ROW) * each, FRAMES_PER_ROW * each)
        for first in range(0, FRAMES_PER_ROW * each, each):
            table[:, first : first + self.kernel * each, first : first + each] = taps
        assert conv.bias is not None  # noqa: S101 # made above
        bias = conv.bias.detach().view(self.groups, 1, each).repeat(1, 1, FRAMES_PER_ROW)
        self.register_buffer("table", table, persistent=False)
        self.register_buffer("bias", bias, persistent=False)
        del self.conv

    def forward(self, frames: Tensor) -> Tensor:
        """[L, D] of one clip to [L, D]; an even kernel reaches one frame further back than ahead."""
        length, each = len(frames), self.width // self.groups
        rows = -(-length // FRAMES_PER_ROW)
        before = self.kernel // 2
        after = rows * FRAMES_PER_ROW - length + self.kernel - 1 - before
        padded = pad(frames, (0, 0, before, after)).view(-1, self.groups, each).transpose(0, 1).contiguous()
        span = (self.kernel - 1 + FRAMES_PER_ROW) * each
        shape, strides = (self.groups, rows, span), (padded.stride(0), FRAMES_PER_ROW * each, 1)
        placed = torch.baddbmm(self.bias, padded.as_strided(shape, strides), self.table)
        of_group = placed.view(self.groups, -1, each)[:, :length]
        return gelu(of_group.transpose(0, 1).flatten(1))


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
        """For good: kernels are put into the forms in which they are used."""
        for layer in self.feature_extractor.conv_layers:
            cast("Convolution", layer).freeze()
        self.encoder.pos_conv_embed.freeze()
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
