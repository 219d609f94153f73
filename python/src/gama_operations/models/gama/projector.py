"""From the audio stack's width to the language model's."""

from torch import nn


def projector(width: int, hidden: int) -> nn.Sequential:
    """Linear, exact GELU, Linear: [..., width] to [..., hidden]."""
    return nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, hidden))


def projector_norm(width: int) -> nn.LayerNorm:
    """The norm before a projector: epsilon 1e-5, without parameters."""
    return nn.LayerNorm(width, elementwise_affine=False)
