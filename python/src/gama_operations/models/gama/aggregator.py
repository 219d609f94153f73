"""The multi-layer aggregator: last-layer features that may attend to middle-layer ones.

The paper's Eq. 2 is FFN(CrossAttn(Attn(X), Y)). The released code computes the cross-attention and then
feeds the FFN with Attn(X), so that its checkpoints were trained without: `official` skips it (its
weights still load), `paper` uses it.
Shapes: B batch, S time tokens, D width.
"""

from torch import Tensor, nn

from gama_operations.models.gama.bert import BertAttention, Intermediate, ResidualNorm, initialise_bert
from gama_operations.models.gama.config import GamaConfig


class AggregatorLayer(nn.Module):
    """One layer. `intermediate_query` and `output_query` load with a checkpoint and are never used."""

    def __init__(self, config: GamaConfig) -> None:
        super().__init__()
        D, inner, p = config.embed_dim, config.bert_intermediate, config.aggregator_dropout
        self.uses_cross_attention = config.aggregator_mode == "paper"
        self.attention = BertAttention(D, config.bert_heads, p)
        self.crossattention = BertAttention(D, config.bert_heads, p)
        self.intermediate = Intermediate(D, inner)
        self.output = ResidualNorm(inner, D, p)
        self.intermediate_query = Intermediate(D, inner)
        self.output_query = ResidualNorm(inner, D, p)
        initialise_bert(self)

    def forward(self, x: Tensor, middle: Tensor) -> Tensor:
        """Tokens [B, S, D] and middle-layer tokens [B, S, D] to [B, S, D]."""
        x = self.attention(x)
        if self.uses_cross_attention:
            x = self.crossattention(x, middle)
        return self.output(self.intermediate(x), x)
