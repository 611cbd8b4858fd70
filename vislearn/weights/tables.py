"""Learned position tables that were made for another grid."""

from __future__ import annotations

import math

from torch import Tensor

from vislearn.layers.positions import interpolate


def fit_table(
    table: Tensor,
    grid: tuple[int, int],
    prefix: int = 0,
    mode: str = "bicubic",
    antialias: bool = True,
) -> Tensor:
    """Resize a position table of another square grid to a model's grid.

    A table does not say which grid it was made for: with as many rows as the model
    needs it is taken as it is, otherwise its grid is assumed to be square. What is no
    table of a square grid is returned unchanged: the comparison of shapes reports it.

    Args:
        table: prefix rows first, then patches in raster order.
        grid: (h, w) wanted.
        prefix: rows in front that belong to CLS and registers.
        mode, antialias: as in `vislearn.layers.positions.interpolate`.

    Shapes:
        table (1, prefix + n², D) -> (1, prefix + h·w, D)
    """
    places = table.shape[1] - prefix if table.ndim == 3 else 0
    side = math.isqrt(max(places, 0))
    if places == math.prod(grid) or side == 0 or side**2 != places:
        return table
    return interpolate(table, (side, side), grid, prefix, mode, antialias)
