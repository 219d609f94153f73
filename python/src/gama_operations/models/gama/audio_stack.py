"""Everything between log-mel features and the language model, with the official names.

Shapes: B batch, M mel bins, S time tokens, Q queries, P = Q + S prefix tokens, D width, H width of the
language model.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gama_operations.models.gama.aggregator import AggregatorLayer
from gama_operations.models.gama.config import GamaConfig
from gama_operations.models.gama.encoder import AudioEncoder, EncoderOutput
from gama_operations.models.gama.projector import projector, projector_norm
from gama_operations.models.gama.qformer import Qformer


@dataclass(frozen=True, slots=True)
class AudioTokens:
    """Tokens of both branches before projection."""

    qformer: Tensor
    """[B, Q, D]."""
    aggregator: Tensor
    """[B, S, D]."""


class AudioStack(nn.Module):
    """Encoder, Q-Former, aggregator and projections."""

    def __init__(self, config: GamaConfig) -> None:
        super().__init__()
        self.config = config
        D, H = config.embed_dim, config.projection_dim
        self.audio_encoder = AudioEncoder(config)
        self.query_tokens = nn.Parameter(torch.empty(1, config.query_tokens, D).normal_(std=0.02))
        self.qformer_proj_norm = nn.LayerNorm(D)
        self.Qformer = Qformer(config)
        self.audio_aggregator_layer_1 = AggregatorLayer(config)
        self.audio_aggregator_layer_2 = AggregatorLayer(config)
        self.audio_proj_norm_qformer = projector_norm(D)
        self.audio_proj_qformer = projector(D, H)
        self.audio_proj_norm_audioenc = projector_norm(D)
        self.audio_proj_audioenc = projector(D, H)

    @property
    def aggregator_layers(self) -> tuple[AggregatorLayer, AggregatorLayer]:
        """In the order in which they are run."""
        return self.audio_aggregator_layer_1, self.audio_aggregator_layer_2

    def pooled(self, encoded: EncoderOutput, keep: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Time tokens [B, S, D] of the last block and of both middle ones, as the branches hear them."""
        last, j, k = (
            self.audio_encoder.time_tokens(patches, keep) / self.config.pool_divisor
            for patches in (encoded.last, encoded.j, encoded.k)
        )
        return last, j, k

    def tokens(self, encoded: EncoderOutput, keep: Tensor | None = None) -> AudioTokens:
        """Both branches from the encoder's output."""
        last, j, k = self.pooled(encoded, keep)
        # the released code hands j to the first layer and k to the second
        aggregated = self.audio_aggregator_layer_2(self.audio_aggregator_layer_1(last, j), k)
        queries = self.query_tokens.expand(len(last), -1, -1)
        return AudioTokens(self.Qformer(queries, self.qformer_proj_norm(last)), aggregated)

    def project(self, tokens: AudioTokens) -> Tensor:
        """Prefix [B, P, H]: Q-Former tokens first."""
        q = self.audio_proj_qformer(self.audio_proj_norm_qformer(tokens.qformer))
        g = self.audio_proj_audioenc(self.audio_proj_norm_audioenc(tokens.aggregator))
        return torch.cat([q, g], 1)

    def forward(self, fbank: Tensor, keep: Tensor | None = None) -> Tensor:
        """Prefix [B, P, H] of features [B, target_frames, M]; `keep` as in AudioEncoder."""
        return self.project(self.tokens(self.audio_encoder(fbank, keep), keep))
