"""CAV-MAE's audio branch: a pre-norm vision transformer over log-mel patches, 16 x 16 in the release.

Gong et al., "Contrastive Audio-Visual Masked Autoencoder" (ICLR 2023). Module names are those of the
released checkpoints, which hold norms of the video branch too: they load, and change nothing.
Shapes: B batch, L patches, K kept patches, D width, F frequency patches, S time patches.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from gama_operations.models.gama.config import GamaConfig
from gama_operations.models.gama.positions import sine_cosine_grid


class PatchEmbed(nn.Module):
    """Features [B, frames, M] to patches [B, L, D], frequency-major: index = f * S + t."""

    def __init__(self, config: GamaConfig) -> None:
        super().__init__()
        size = (config.patch, config.patch_frames)
        self.proj = nn.Conv2d(1, config.embed_dim, kernel_size=size, stride=size)

    def forward(self, fbank: Tensor) -> Tensor:
        """[B, L, D]."""
        image = fbank.transpose(1, 2).unsqueeze(1)  # (B, 1, M, frames)
        return self.proj(image).flatten(2).transpose(1, 2)  # (B, F*S, D)


class Attention(nn.Module):
    """Multi-head self-attention with one projection for query, key and value."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        """[B, L, D] to [B, L, D]."""
        B, L, D = x.shape
        qkv = self.qkv(x).view(B, L, 3, self.heads, D // self.heads).permute(2, 0, 3, 1, 4)
        y = scaled_dot_product_attention(qkv[0], qkv[1], qkv[2])  # (B, heads, L, D / heads)
        return self.proj(y.transpose(1, 2).reshape(B, L, D))


class Mlp(nn.Module):
    """Two layers with the exact GELU between them."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.fc2 = nn.Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        """[..., D] to [..., D]."""
        return self.fc2(nn.functional.gelu(self.fc1(x)))


class Block(nn.Module):
    """Pre-norm transformer block with a pair of norms for each modality of CAV-MAE.

    The audio-only blocks use the pair without suffix, the joint blocks (`blocks_u`) the pair `_a`.
    """

    def __init__(self, dim: int, heads: int, mlp_ratio: int, *, joint: bool) -> None:
        super().__init__()
        self.joint = joint
        self.norm1, self.norm1_a, self.norm1_v = (nn.LayerNorm(dim) for _ in range(3))
        self.attn = Attention(dim, heads)
        self.norm2, self.norm2_a, self.norm2_v = (nn.LayerNorm(dim) for _ in range(3))
        self.mlp = Mlp(dim, mlp_ratio * dim)

    def forward(self, x: Tensor) -> Tensor:
        """[B, L, D] to [B, L, D]."""
        first, second = (self.norm1_a, self.norm2_a) if self.joint else (self.norm1, self.norm2)
        x = x + self.attn(first(x))
        return x + self.mlp(second(x))


@dataclass(frozen=True, slots=True)
class EncoderOutput:
    """Patches after the last block and after two middle ones, each normed: [B, L, D] (or [B, K, D]).

    LTU norms the last alone, and uses no other.
    """

    last: Tensor
    j: Tensor
    k: Tensor
    hidden_states: tuple[Tensor, ...]
    """After each block, before any final norm."""


class AudioEncoder(nn.Module):
    """The audio branch: `blocks_a` audio-only blocks, then `blocks_u` joint blocks."""

    def __init__(self, config: GamaConfig) -> None:
        super().__init__()
        self.config = config
        D = config.embed_dim
        self.modality_a = nn.Parameter(torch.zeros(1, 1, D))
        grid = sine_cosine_grid(D, config.freq_patches, config.time_patches)
        self.pos_embed_a = nn.Parameter(grid.unsqueeze(0))  # (1, L, D), trained in the release
        self.patch_embed_a = PatchEmbed(config)
        sizes = (D, config.encoder_heads, config.mlp_ratio)
        self.blocks_a = nn.ModuleList(Block(*sizes, joint=False) for _ in range(config.blocks_a))
        self.blocks_u = nn.ModuleList(Block(*sizes, joint=True) for _ in range(config.blocks_u))
        self.norm_a = nn.LayerNorm(D)
        middle = nn.LayerNorm if config.architecture == "gama" else nn.Identity  # LTU has no norms there
        self.norm_j, self.norm_k = middle(D), middle(D)
        self._initialise()

    def _initialise(self) -> None:
        """CAV-MAE's initialisation: Xavier for matrices, small normal for the modality."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
        nn.init.xavier_uniform_(self.patch_embed_a.proj.weight.view(self.config.embed_dim, -1))
        nn.init.normal_(self.modality_a, std=0.02)

    def forward(self, fbank: Tensor, keep: Tensor | None = None) -> EncoderOutput:
        """Encodes features [B, target_frames, M].

        Args:
            fbank: Normalised log-mel features.
            keep: Patch indices [B, K], int64, for training with patchout; all patches when None.
        """
        x = self.patch_embed_a(fbank) + self.pos_embed_a + self.modality_a
        if keep is not None:
            x = x.gather(1, keep.unsqueeze(-1).expand(-1, -1, x.shape[-1]))  # (B, K, D)
        hidden_states: list[Tensor] = []
        for block in [*self.blocks_a, *self.blocks_u]:
            x = block(x)
            hidden_states.append(x)
        return EncoderOutput(
            last=self.norm_a(x),
            j=self.norm_j(hidden_states[self.config.block_j]),
            k=self.norm_k(hidden_states[self.config.block_k]),
            hidden_states=tuple(hidden_states),
        )

    def time_tokens(self, patches: Tensor, keep: Tensor | None = None) -> Tensor:
        """Mean over frequency: [B, L, D] to [B, S, D].

        With `keep`, the mean of the kept patches of each column; a column without any is zero.
        """
        B, _, D = patches.shape
        S = self.config.time_patches
        if keep is None:
            return patches.view(B, self.config.freq_patches, S, D).mean(1)
        column = keep % S  # (B, K)
        count = patches.new_zeros(B, S).scatter_add_(1, column, patches.new_ones(column.shape))
        total = patches.new_zeros(B, S, D).scatter_add_(1, column.unsqueeze(-1).expand(-1, -1, D), patches)
        return total / count.clamp_min(1).unsqueeze(-1)
