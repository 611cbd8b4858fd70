"""Relative position bias: a learned number for each offset between two patches.

Papers: Swin Transformer, arXiv:2103.14030, section 3.2, equation 4 (the table); BEiT,
arXiv:2106.08254, section 2.1, which uses it over the whole image. "Two rows up, one
column left" is one entry of the table for each head, wherever the two patches stand;
it is added to their score. Here the window is the whole image. CLS and registers have
no offset from anything: all their pairs share three more entries, as in BEiT's code.
Other grids: the table is a picture of offsets and is stretched like one (`bicubic`);
BEiT's code stretches the far offsets more than the near ones instead.
Tested against: timm's vision transformer with relative positions (tests/parity).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from vislearn.layers.positions import interpolate


def relative_index(
    grid: tuple[int, int], device: torch.device | str | None = None
) -> Tensor:
    """For each query and key, the number of their offset in the table.

    Rows of the offset run from −(h − 1) to h − 1, columns from −(w − 1) to w − 1; the
    offsets are numbered in raster order, query minus key.

    Shapes:
        returns (h·w, h·w), int64, values 0 … (2h − 1)(2w − 1) − 1
    """
    h, w = grid
    number = torch.arange(h * w, device=device)
    rows, columns = number // w, number % w  # each (N,)
    down = rows[:, None] - rows[None, :] + h - 1  # (N, N), from 0
    right = columns[:, None] - columns[None, :] + w - 1
    return down * (2 * w - 1) + right


class RelativeBias(nn.Module):
    """The bias of one attention layer, for any grid.

    Args:
        grid: rows and columns (h, w) that the table is made for.
        heads: number of heads h; each has its own numbers.
        prefix: R; if there are any, the table ends in three entries, for prefix to
            patch, patch to prefix and prefix to prefix.

    Shapes:
        forward(grid) -> (1, h, R + N, R + N), to be added to the scores
    """

    def __init__(self, grid: tuple[int, int], heads: int, prefix: int = 0) -> None:
        super().__init__()
        self.prefix = prefix
        self.offsets = (2 * grid[0] - 1, 2 * grid[1] - 1)
        rows = math.prod(self.offsets) + (3 if prefix else 0)
        self.relative_position_bias_table = nn.Parameter(torch.zeros(rows, heads))

    def forward(self, grid: tuple[int, int]) -> Tensor:
        offsets, rest = self.entries(grid)
        index = relative_index(grid, offsets.device)  # (N, N)
        bias = offsets[index].permute(2, 0, 1)  # (h, N, N)
        if self.prefix:
            bias = frame(bias, rest, self.prefix)  # (h, R + N, R + N)
        return bias[None]

    def entries(self, grid: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """The entries for the offsets of a grid, and those of prefix tokens.

        Shapes:
            returns ((2h − 1)(2w − 1), heads) and (3 or 0, heads)
        """
        table, count = self.relative_position_bias_table, math.prod(self.offsets)
        new = (2 * grid[0] - 1, 2 * grid[1] - 1)
        offsets = interpolate(table[None, :count], self.offsets, new, antialias=False)
        return offsets[0], table[count:]


def frame(bias: Tensor, rest: Tensor, prefix: int) -> Tensor:
    """Put R rows above the bias and R columns before it, for the prefix tokens.

    Shapes:
        bias (h, N, N), rest (3, h) -> (h, R + N, R + N)
    """
    h, N, _ = bias.shape
    out, back, among = (entry.view(h, 1, 1) for entry in rest)
    top = torch.cat([among.expand(h, prefix, prefix), out.expand(h, prefix, N)], dim=2)
    low = torch.cat([back.expand(h, N, prefix), bias], dim=2)
    return torch.cat([top, low], dim=1)
