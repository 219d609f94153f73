"""Post-norm BERT blocks with the names of the released checkpoints, shared by Q-Former and aggregator.

Norms use BERT's epsilon 1e-12, everything around them torch's 1e-5.
Shapes: B batch, Q queries, L keys, D width.
"""

from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention

BERT_EPS = 1e-12


class HeadsAttention(nn.Module):
    """Multi-head attention of x [B, Q, D] over context [B, L, D]; over itself without context."""

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.dropout = dropout
        self.query, self.key, self.value = (nn.Linear(dim, dim) for _ in range(3))

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """[B, Q, D]."""
        source = x if context is None else context
        q, k, v = (self._split(t) for t in (self.query(x), self.key(source), self.value(source)))
        p = self.dropout if self.training else 0.0
        y = scaled_dot_product_attention(q, k, v, dropout_p=p)  # (B, heads, Q, D / heads)
        return y.transpose(1, 2).flatten(2)

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class ResidualNorm(nn.Module):
    """LayerNorm(residual + Linear(x))."""

    def __init__(self, inner: int, dim: int, dropout: float) -> None:
        super().__init__()
        self.dense = nn.Linear(inner, dim)
        self.LayerNorm = nn.LayerNorm(dim, eps=BERT_EPS)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, residual: Tensor) -> Tensor:
        """X [B, Q, inner] and residual [B, Q, D] to [B, Q, D]."""
        return self.LayerNorm(residual + self.dropout(self.dense(x)))


class BertAttention(nn.Module):
    """Attention, output projection, residual and norm."""

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.self = HeadsAttention(dim, heads, dropout)
        self.output = ResidualNorm(dim, dim, dropout)

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """[B, Q, D]; keys and values come from context [B, L, D] where one is given."""
        return self.output(self.self(x, context), x)


class Intermediate(nn.Module):
    """The widening half of the feed-forward, exact GELU."""

    def __init__(self, dim: int, inner: int) -> None:
        super().__init__()
        self.dense = nn.Linear(dim, inner)

    def forward(self, x: Tensor) -> Tensor:
        """[..., D] to [..., inner]."""
        return gelu(self.dense(x))


def initialise_bert(module: nn.Module) -> None:
    """BERT's initialisation: N(0, 0.02) for matrices, zero for biases."""
    for child in module.modules():
        if isinstance(child, nn.Linear):
            nn.init.normal_(child.weight, std=0.02)
            nn.init.zeros_(child.bias)
