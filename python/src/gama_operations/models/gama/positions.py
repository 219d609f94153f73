"""Two-dimensional sine-cosine position embedding (MAE, CAV-MAE): half the width for each axis."""

import torch
from torch import Tensor


def _axis(dim: int, positions: Tensor) -> Tensor:
    """[L, dim] of positions [L]: sines, then cosines, of dim / 2 falling frequencies."""
    frequencies = 10_000.0 ** -(torch.arange(dim // 2, dtype=torch.float64) / (dim // 2))
    angles = positions.double().unsqueeze(1) * frequencies
    return torch.cat([angles.sin(), angles.cos()], 1)


def sine_cosine_grid(dim: int, rows: int, columns: int) -> Tensor:
    """[rows * columns, dim] float32, row-major; the first half of the width encodes the column.

    `dim` must be a multiple of 4.
    """
    row, column = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    halves = [_axis(dim // 2, axis.reshape(-1)) for axis in (column, row)]
    return torch.cat(halves, 1).float()
