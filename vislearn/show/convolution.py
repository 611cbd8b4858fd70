"""A convolution with its numbers: one window, the filter, the number it makes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from vislearn.show.look import FAINT, INK, PALETTE, WIDTH, Words, figure, styled

Table = Any  # a tensor, an array or nested lists of numbers, two-dimensional


@styled
def convolution_window(
    pixels: Table, kernel: Table, at: tuple[int, int], words: Words | None = None
) -> Figure:
    """Draw input, filter and output as tables of numbers; mark one window.

    The output is computed here (no padding, stride 1), so the picture cannot disagree
    with the operation.

    Args:
        pixels: (H, W).
        kernel: (k, k), not larger than the input.
        at: row and column of the marked number in the output.
        words: may hold "input", "kernel" and "output", titles of the three tables.

    Raises:
        ValueError: if the shapes do not fit, or `at` lies outside of the output.
    """
    x, w = (_table(values) for values in (pixels, kernel))
    if w.shape[0] > x.shape[0] or w.shape[1] > x.shape[1]:
        raise ValueError(f"a filter of {w.shape} does not fit into {x.shape} pixels")
    y = F.conv2d(torch.from_numpy(x)[None, None], torch.from_numpy(w)[None, None])
    out = y[0, 0].numpy()
    row, column = at
    if not (0 <= row < out.shape[0] and 0 <= column < out.shape[1]):
        raise ValueError(f"at={at} lies outside of the output {out.shape}")
    words = words or {}
    drawn = figure(WIDTH, 2.2)
    tables = {"input": x, "kernel": w, "output": out}
    axes = drawn.subplots(1, 3, width_ratios=[t.shape[1] for t in tables.values()])
    for axis, (name, table) in zip(axes, tables.items(), strict=True):
        _draw_table(axis, table)
        axis.set_title(words.get(name, name))
        axis.set_ylim(x.shape[0] - 0.4, -0.6)
    marked: Any = {"edgecolor": PALETTE[1], "fill": False, "lw": 2.5}
    corner = (column - 0.5, row - 0.5)
    axes[0].add_patch(Rectangle(corner, w.shape[1], w.shape[0], **marked))
    axes[1].add_patch(Rectangle((-0.5, -0.5), w.shape[1], w.shape[0], **marked))
    axes[2].add_patch(Rectangle(corner, 1, 1, **marked))
    return drawn


def _table(values: Table) -> np.ndarray:
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or table.size == 0:
        raise ValueError(f"expected a table (rows, columns), got {table.shape}")
    return table


def _draw_table(axis: Any, table: np.ndarray) -> None:
    """Numbers in cells, darker the larger they are."""
    low, high = float(table.min()), float(table.max())
    axis.imshow(table, cmap="Greys", vmin=low, vmax=low + 2.5 * max(high - low, 1e-9))
    for (row, column), value in np.ndenumerate(table):
        text = f"{value:g}".replace("-", "\N{MINUS SIGN}")
        axis.text(column, row, text, ha="center", va="center", color=INK, fontsize=10)
    rows, columns = table.shape
    seams: Any = {"color": FAINT, "lw": 0.6}
    axis.hlines(np.arange(rows + 1) - 0.5, -0.5, columns - 0.5, **seams)
    axis.vlines(np.arange(columns + 1) - 0.5, -0.5, rows - 0.5, **seams)
    axis.set_axis_off()
