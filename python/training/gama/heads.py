"""Heads of the supervised stage and their loss; none of them ships."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from gama_operations.models.gama.audio_stack import AudioTokens
from training.gama.columns import ColumnHead
from training.gama.labels import Targets, head_sizes, tag_count
from training.gama.vocabulary import Vocabulary

TAG_SCALE = 20.0
"""Most tags are absent: the mean binary cross-entropy is small beside the single choices."""
POOLED_SHARE = 0.3
"""Weight of each pooled branch beside the Q-Former's."""


def heard_mean(tokens: Tensor, columns: Tensor) -> Tensor:
    """Mean of time tokens [B, S, D] over each clip's heard columns [B], shape [B, D]."""
    heard = torch.arange(tokens.shape[1]) < columns[:, None]
    return (tokens * heard.unsqueeze(-1)).sum(1) / columns[:, None]


@dataclass(frozen=True)
class Views:
    """What the heads say and read.

    Attributes:
        outputs: of each view, [B, O]: queries first, then encoder and aggregator.
        aggregator: its tokens, [B, S, D], for the columns.
    """

    outputs: list[Tensor]
    aggregator: Tensor


class Heads(nn.Module):
    """All targets from three views: pooled encoder, pooled aggregator, flattened queries.

    The pooled encoder is what `embed` returns, so its head trains the embedding itself.
    """

    def __init__(self, vocabulary: Vocabulary, *, width: int, queries: int) -> None:
        super().__init__()
        self.sizes = list(head_sizes(vocabulary).values())
        self.names = list(head_sizes(vocabulary))
        outputs = sum(self.sizes) + tag_count(vocabulary)
        self.encoder = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, outputs))
        self.aggregator = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, outputs))
        self.qformer = nn.Sequential(nn.LayerNorm(queries * width), nn.Linear(queries * width, outputs))
        self.columns = ColumnHead(vocabulary, width=width)

    def forward(self, time_tokens: Tensor, tokens: AudioTokens, columns: Tensor) -> Views:
        """What the views say of clips with so many heard columns [B]."""
        outputs = [
            self.qformer(tokens.qformer.flatten(1)),
            self.encoder(heard_mean(time_tokens, columns)),
            self.aggregator(heard_mean(tokens.aggregator, columns)),
        ]
        return Views(outputs, tokens.aggregator)

    def _view_loss(self, outputs: Tensor, choices: Tensor, tags: Tensor, smoothing: float) -> Tensor:
        *singles, tag_logits = outputs.float().split([*self.sizes, tags.shape[1]], -1)
        loss = TAG_SCALE * functional.binary_cross_entropy_with_logits(tag_logits, tags)
        for logits, wanted in zip(singles, choices.T, strict=True):
            if (wanted >= 0).any():
                share = (wanted >= 0).float().mean()  # a rare question weighs as often as it is asked
                loss = loss + share * functional.cross_entropy(logits, wanted, label_smoothing=smoothing)
        return loss

    def loss(self, views: Views, targets: Targets, *, smoothing: float, column_weight: float) -> Tensor:
        """Weighted sum over views and columns."""
        first, *pooled = (
            self._view_loss(view, targets.choices, targets.tags, smoothing) for view in views.outputs
        )
        columns = self.columns.loss(views.aggregator, targets.columns, targets.heard)
        return first + POOLED_SHARE * torch.stack(pooled).sum() + column_weight * columns

    def accuracy(self, view: Tensor, choices: Tensor) -> dict[str, tuple[int, int]]:
        """Hits and questions per target of one view, for the targets that were asked."""
        singles = view.split([*self.sizes, view.shape[1] - sum(self.sizes)], -1)
        result: dict[str, tuple[int, int]] = {}
        for name, logits, wanted in zip(self.names, singles, choices.T, strict=False):
            asked = wanted >= 0
            if asked.any():
                hits = (logits.argmax(-1) == wanted)[asked]
                result[name] = (int(hits.sum()), int(asked.sum()))
        return result
