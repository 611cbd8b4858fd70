"""Telling the encoder where a patch was: position embeddings, and resizing them.

Attention treats its tokens as a set: shuffle them, and the outputs are shuffled in the
same way. A vector that depends on the position, added to each token, breaks the tie.

- learned: a table of parameters, one row for each position (arXiv:2010.11929, sec. 3.1)
- factorised: one table for rows, one for columns, added (arXiv:2307.06304, sec. 2.1)
- sincos_1d: fixed waves of the raster index (arXiv:1706.03762, section 3.5)
- sincos_2d: fixed waves of column and row (MoCo v3 arXiv:2104.02057; MAE
  arXiv:2111.06377)
- none: nothing, for comparison

Two kinds enter later, inside the attention of every block:

- relative: a number for each offset, added to the scores (`vislearn.layers.relative`)
- rope: queries and keys are turned by angles (`vislearn.layers.rope`)

`interpolate` fits a table to another grid (arXiv:2010.11929, section 3.2, end).
Tested against: transformers (MAE's sin-cos), timm (interpolation); see tests/layers.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

FIXED = ("sincos_1d", "sincos_2d")
KINDS = ("learned", "factorised", *FIXED, "relative", "rope", "none")


def waves(positions: Tensor, width: int, temperature: float, last: bool) -> Tensor:
    """Sines, then cosines, of each position at width / 2 frequencies.

    Frequency k is temperature^(−k / n), with n = width / 2 (the slowest wave stops one
    step short of 1 / temperature) or, with `last`, n = width / 2 − 1 (it reaches it).

    Shapes:
        positions (N,) -> (N, width)
    """
    steps = torch.arange(width // 2, dtype=torch.float64, device=positions.device)
    frequency = temperature ** (-steps / (width // 2 - 1 if last else width // 2))
    angle = positions.to(torch.float64)[:, None] * frequency  # (N, width / 2)
    return torch.cat([angle.sin(), angle.cos()], dim=1)


def sincos_1d(length: int, width: int, temperature: float = 10_000.0) -> Tensor:
    """Fixed waves of the index 0, 1, …, length − 1 (arXiv:1706.03762, section 3.5).

    The paper interleaves sines and cosines; here all sines come first, as in the code
    of MAE and of most later work. The order of the channels makes no difference to a
    network that learns a projection of them.

    Shapes:
        returns (length, D)

    Raises:
        ValueError: if D is odd.
    """
    if width % 2:
        raise ValueError(f"sincos_1d needs an even width, got {width}")
    return waves(torch.arange(length), width, temperature, last=False).float()


def sincos_2d(
    grid: tuple[int, int],
    width: int,
    temperature: float = 10_000.0,
    convention: str = "mae",
) -> Tensor:
    """Fixed waves of the column x and the row y of each patch, in raster order.

    The channels are four quarters: sin x, cos x, sin y, cos y. Column first is what
    both official codes do, although MAE's function is named as if the row came first.

    Args:
        grid: rows and columns (h, w).
        width: D, divisible by 4.
        temperature: ratio of the slowest to the fastest wave length.
        convention: "mae" has frequencies temperature^(−k / (D/4)); "moco" (MoCo v3,
            big_vision) temperature^(−k / (D/4 − 1)), k = 0, 1, ….

    Shapes:
        returns (h·w, D)

    Raises:
        ValueError: if D is not divisible by 4, or is 4 for "moco", which divides by
            D/4 − 1; or the convention is unknown.
    """
    if width % 4:
        raise ValueError(f"sincos_2d needs a width divisible by 4, got {width}")
    if convention not in ("mae", "moco"):
        raise ValueError(f"convention must be 'mae' or 'moco', got {convention!r}")
    last = convention == "moco"
    if last and width < 8:
        raise ValueError(
            f"sincos_2d needs a width of at least 8 for 'moco', got {width}"
        )
    rows, columns = torch.meshgrid(
        torch.arange(grid[0]), torch.arange(grid[1]), indexing="ij"
    )  # each (h, w)
    x = waves(columns.flatten(), width // 2, temperature, last)  # (N, D/2)
    y = waves(rows.flatten(), width // 2, temperature, last)  # (N, D/2)
    return torch.cat([x, y], dim=1).float()


class FactorisedPositions(nn.Module):
    """One learned vector for each row plus one for each column.

    h + w vectors instead of h · w (NaViT, arXiv:2307.06304, section 2.1: "factorized
    positional embeddings", the additive form).

    Shapes:
        forward() -> (1, h·w, D)
    """

    def __init__(self, grid: tuple[int, int], width: int) -> None:
        super().__init__()
        self.rows = nn.Parameter(torch.zeros(grid[0], width))
        self.columns = nn.Parameter(torch.zeros(grid[1], width))

    def forward(self) -> Tensor:
        table = self.rows[:, None] + self.columns[None, :]  # (h, w, D)
        return table.flatten(0, 1)[None]  # (1, h·w, D)


def fixed_table(kind: str, grid: tuple[int, int], width: int, prefix: int) -> Tensor:
    """A sin-cos table with `prefix` zero rows in front: CLS has no place in the image.

    Shapes:
        returns (1, prefix + h·w, D)
    """
    if kind == "sincos_1d":
        table = sincos_1d(grid[0] * grid[1], width)
    else:
        table = sincos_2d(grid, width)
    return F.pad(table, (0, 0, prefix, 0))[None]


def interpolate(
    pos_embed: Tensor,
    old_grid: tuple[int, int],
    new_grid: tuple[int, int],
    prefix: int = 0,
    mode: str = "bicubic",
    antialias: bool = True,
) -> Tensor:
    """Resize a table of position embeddings to another grid, like a picture.

    Each channel of the table is a picture of h × w pixels. The rows of prefix tokens
    have no place in the image and are passed through. This is what lets a model that
    was trained at 224 pixels read 384 (arXiv:2010.11929, section 3.2).

    Args:
        pos_embed: the table, prefix rows first, then patches in raster order.
        old_grid: (h, w) of the table.
        new_grid: (h, w) wanted.
        prefix: how many rows in front belong to CLS and registers.
        mode: "bicubic" (timm, DINOv2) or "bilinear" (big_vision).
        antialias: smooth before shrinking, as timm does; transformers does not. In
            torch it changes enlarging, too: the bicubic kernel is another one.

    Shapes:
        pos_embed (1, prefix + h·w, D) -> (1, prefix + h'·w', D)

    Raises:
        ValueError: if the table does not have prefix + h · w rows.
    """
    rows = prefix + old_grid[0] * old_grid[1]
    if pos_embed.ndim != 3 or pos_embed.shape[1] != rows:
        raise ValueError(
            f"a grid of {old_grid[0]} × {old_grid[1]} with {prefix} prefix rows needs "
            f"a table of shape (1, {rows}, D), got {tuple(pos_embed.shape)}"
        )
    if tuple(old_grid) == tuple(new_grid):
        return pos_embed
    first, table = pos_embed[:, :prefix], pos_embed[:, prefix:]
    picture = table.transpose(1, 2).unflatten(2, tuple(old_grid))  # (1, D, h, w)
    # float32 at least: no kernel for half precision on every device
    picture = picture.to(torch.promote_types(picture.dtype, torch.float32))
    h, w = new_grid
    if w == 1:  # torch 2.13 smooths one column wrongly on the CPU, and one row rightly
        row = F.interpolate(picture.mT, (1, h), mode=mode, antialias=antialias)
        picture = row.mT  # (1, D, h', 1)
    else:
        picture = F.interpolate(picture, (h, w), mode=mode, antialias=antialias)
    table = picture.flatten(2).transpose(1, 2).to(pos_embed.dtype)  # (1, h'·w', D)
    return torch.cat([first, table], dim=1)
