"""Q-Former (BLIP-2): learnt queries that read the audio by cross-attention.

Li et al., "BLIP-2" (ICML 2023), with LAVIS's names, query path only: the text half of the network was
removed before GAMA was trained. The released code makes `train()` a no-op: no dropout, ever.
Shapes: B batch, Q queries, L audio tokens, D width.
"""

from torch import Tensor, nn

from gama_operations.models.gama.bert import (
    BERT_EPS,
    BertAttention,
    Intermediate,
    ResidualNorm,
    initialise_bert,
)
from gama_operations.models.gama.config import GamaConfig


class QformerLayer(nn.Module):
    """Self-attention, cross-attention in every f-th layer, feed-forward of the queries."""

    def __init__(self, config: GamaConfig, index: int) -> None:
        super().__init__()
        D, inner = config.embed_dim, config.bert_intermediate
        self.attention = BertAttention(D, config.bert_heads, 0.0)
        self.hears = index % config.cross_attention_freq == 0
        if self.hears:
            self.crossattention = BertAttention(D, config.bert_heads, 0.0)
        self.intermediate_query = Intermediate(D, inner)
        self.output_query = ResidualNorm(inner, D, 0.0)

    def forward(self, queries: Tensor, audio: Tensor) -> Tensor:
        """[B, Q, D]."""
        x = self.attention(queries)
        if self.hears:
            x = self.crossattention(x, audio)
        return self.output_query(self.intermediate_query(x), x)


class QformerEmbeddings(nn.Module):
    """The norm in front of the first layer; queries carry no positions."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.LayerNorm = nn.LayerNorm(dim, eps=BERT_EPS)

    def forward(self, queries: Tensor) -> Tensor:
        """[B, Q, D]."""
        return self.LayerNorm(queries)


class QformerEncoder(nn.Module):
    """The stack of layers."""

    def __init__(self, config: GamaConfig) -> None:
        super().__init__()
        self.layer = nn.ModuleList(QformerLayer(config, index) for index in range(config.qformer_layers))

    def forward(self, queries: Tensor, audio: Tensor) -> Tensor:
        """[B, Q, D]."""
        for layer in self.layer:
            queries = layer(queries, audio)
        return queries


class QformerBert(nn.Module):
    """Embeddings and encoder; a level of its own because the checkpoints name it."""

    def __init__(self, config: GamaConfig) -> None:
        super().__init__()
        self.embeddings = QformerEmbeddings(config.embed_dim)
        self.encoder = QformerEncoder(config)

    def forward(self, queries: Tensor, audio: Tensor) -> Tensor:
        """[B, Q, D]."""
        return self.encoder(self.embeddings(queries), audio)


class Qformer(nn.Module):
    """Queries [B, Q, D] and audio tokens [B, L, D] to [B, Q, D]."""

    def __init__(self, config: GamaConfig) -> None:
        super().__init__()
        self.bert = QformerBert(config)
        initialise_bert(self)

    def forward(self, queries: Tensor, audio: Tensor) -> Tensor:
        """[B, Q, D]."""
        return self.bert(queries, audio)
