"""Windows of attention, their shift, and the mask that keeps strangers apart."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import torch
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from vislearn.layers.windows import shift_mask, window_grid
from vislearn.show.look import FAINT, INK, PALETTE, WIDTH, Words, figure, styled
from vislearn.show.pixels import to_pixels

_PIECES = ("#FFFFFF", PALETTE[4], PALETTE[5], PALETTE[3])  # who came around: no, ← ↑ ↖


@styled
def shifted_windows(
    image: Any, grid: int, window: int, shift: int, words: Words | None = None
) -> Figure:
    """Draw the windows of two blocks in a row, and how the second is computed.

    Left: windows of the first block. Middle: those of the second, `shift` tokens
    further down and right; at the border they are cut. Right: the image rolled up and
    left by the shift, cut as in the first block. What came around an edge is tinted.

    Args:
        image: see `vislearn.show.pixels.to_pixels`; square.
        grid: tokens along a side; a multiple of `window`.
        window: M, tokens along a side of a window.
        shift: tokens, from 0 to M − 1.
        words: may hold "regular", "shifted" and "rolled", the titles.

    Raises:
        ValueError: if the image is not square, its tokens do not divide into windows,
            or the shift does not fit.
    """
    pixels = to_pixels(image)
    side = _side(pixels, grid, window, shift)
    words = words or {}
    drawn = figure(WIDTH, 1.95)
    regular, shifted, rolled = drawn.subplots(1, 3)
    step = shift * side // grid
    for axis, picture in (
        (regular, pixels),
        (shifted, pixels),
        (rolled, np.roll(pixels, (-step, -step), (0, 1))),
    ):
        axis.imshow(picture, extent=(0, grid, grid, 0))
        axis.set_axis_off()
    _rule(regular, grid, range(0, grid + 1, window))
    _rule(shifted, grid, [0, *range(shift, grid, window), grid])
    _tint(rolled, grid, shift)
    _rule(rolled, grid, range(0, grid + 1, window))
    for axis, name in ((regular, "regular"), (shifted, "shifted"), (rolled, "rolled")):
        axis.set_title(words.get(name, name))
    return drawn


@styled
def shift_masks(
    grid: int, window: int, shift: int, words: Words | None = None
) -> Figure:
    """Draw who may look at whom in each window of the rolled map.

    One small table for each window, where it lies on the map: M² queries down, M² keys
    across. Dark: may look. White: kept apart.

    Args:
        grid: tokens along a side; at most 4 windows.
        window, shift: as in `shifted_windows`.
        words: may hold "query", "key", "may" and "apart".

    Raises:
        ValueError: if the map does not divide into windows or has more than 4 × 4, or
            the shift does not fit.
    """
    rows, columns = window_grid((grid, grid), window)
    if rows > 4:
        raise ValueError(f"{rows} × {columns} windows: at most 4 × 4 can be read")
    words = words or {}
    tables = shift_mask((grid, grid), window, (shift, shift)) == 0  # may look
    drawn = figure(WIDTH * 0.72, WIDTH * 0.72 + 0.25)
    axes = drawn.subplots(rows, columns, squeeze=False)
    colours = ListedColormap(["white", PALETTE[0]])
    for axis, table in zip(axes.flat, tables, strict=True):
        axis.imshow(table.numpy(), cmap=colours, vmin=0, vmax=1)
        axis.set(xticks=[], yticks=[])
        for spine in axis.spines.values():
            spine.set(visible=True, color=FAINT)
    drawn.supxlabel(words.get("key", ""), fontsize=10)
    drawn.supylabel(words.get("query", ""), fontsize=10)
    handles = [
        Rectangle((0, 0), 1, 1, fc=colour, ec=FAINT) for colour in (PALETTE[0], "white")
    ]
    names = [words.get("may", "may look"), words.get("apart", "kept apart")]
    drawn.legend(handles, names, loc="outside upper center", ncols=2, frameon=False)
    return drawn


@styled
def who_hears_whom(
    tables: list[Tensor], titles: list[str], words: Words | None = None
) -> Figure:
    """Draw layers as tables: in row i and column j, what place i takes from place j.

    Zero is white, positive orange, negative purple; each table has its own range.

    Args:
        tables: (N, N) each.
        titles: one for each table.
        words: may hold "query" and "key", the names of rows and columns.

    Raises:
        ValueError: without tables, for one that is not square, or another number of
            titles.
    """
    if not tables or len(tables) != len(titles):
        raise ValueError(f"{len(tables)} tables but {len(titles)} titles")
    words = words or {}
    drawn = figure(WIDTH, WIDTH / len(tables) + 0.45)
    axes = drawn.subplots(1, len(tables), squeeze=False)[0]
    for axis, table, title in zip(axes, tables, titles, strict=True):
        if table.ndim != 2 or table.shape[0] != table.shape[1]:
            raise ValueError(f"table of shape {tuple(table.shape)}: expected (N, N)")
        top = max(float(table.abs().max()), 1e-12)
        axis.imshow(table.detach().cpu().numpy(), cmap="PuOr_r", vmin=-top, vmax=top)
        axis.set(xticks=[], yticks=[], title=title, xlabel=words.get("key", ""))
        for spine in axis.spines.values():
            spine.set(visible=True, color=FAINT)
    axes[0].set_ylabel(words.get("query", ""))
    return drawn


def _side(pixels: Any, grid: int, window: int, shift: int) -> int:
    height, width = pixels.shape[:2]
    window_grid((grid, grid), window)
    if height != width or height % grid:
        raise ValueError(
            f"an image of {height} × {width} pixels: expected a square that divides "
            f"into {grid} tokens"
        )
    if not 0 <= shift < window:
        raise ValueError(f"shift must be from 0 to {window - 1}, got {shift}")
    return int(height)


def _rule(axis: Any, grid: int, places: Any) -> None:
    """Lines between windows, readable on any picture."""
    for place, (ink, thick) in itertools.product(
        sorted(set(places)), (("white", 2.6), (INK, 1.1))
    ):
        axis.plot([place, place], [0, grid], color=ink, lw=thick, clip_on=False)
        axis.plot([0, grid], [place, place], color=ink, lw=thick, clip_on=False)


def _tint(axis: Any, grid: int, shift: int) -> None:
    """Colour what came around the right, the bottom and both edges."""
    around = torch.arange(grid) >= grid - shift
    piece = around[:, None] * 2 + around[None, :] * 1  # (h, w): 0 stayed
    shade = np.zeros((grid, grid, 4))
    for number, colour in enumerate(_PIECES):
        red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        shade[(piece == number).numpy()] = (red, green, blue, 0.55 if number else 0.0)
    axis.imshow(shade, extent=(0, grid, grid, 0))
