"""Attention drawn: as a table of weights, and over the image it looks at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from vislearn.show.look import WIDTH, Words, figure, styled
from vislearn.show.pixels import to_pixels

_MAP = "cividis"  # the same to colour-blind and other eyes, and ordered when printed


@styled
def attention_matrix(
    weights: Tensor,
    labels: Sequence[str] | None = None,
    columns: int = 2,
    words: Words | None = None,
) -> Figure:
    """Draw attention weights as tables: a row per query, a column per key.

    Tables of up to 8 tokens carry their numbers.

    Args:
        weights: (T, T), or (h, T, T) for one table per head.
        labels: a name for each token.
        columns: tables in a row.
        words: may hold "title", "query", "key" and "head" (default "query", "key",
            "head").

    Raises:
        ValueError: for another shape, or another number of labels than tokens.
    """
    tables = _tables(weights)
    heads, tokens = tables.shape[0], tables.shape[-1]
    if labels is not None and len(labels) != tokens:
        raise ValueError(f"{tokens} tokens but {len(labels)} labels")
    words = words or {}
    columns = min(columns, heads)
    rows = -(-heads // columns)
    side = WIDTH / columns
    width = WIDTH if heads > 1 else WIDTH * 0.9
    drawn = figure(width, rows * side * (0.95 if heads > 1 else 0.8))
    if "title" in words:
        drawn.suptitle(words["title"], fontsize=10)
    axes = drawn.subplots(rows, columns, squeeze=False).flatten()
    top = float(tables.max())
    for head, axis in enumerate(axes):
        if head >= heads:
            axis.set_axis_off()
            continue
        picture = axis.imshow(tables[head], cmap=_MAP, vmin=0, vmax=top)
        if heads > 1:
            axis.set_title(f"{words.get('head', 'head')} {head}")
        _name_tokens(axis, labels, tokens)
        if head % columns == 0:
            axis.set_ylabel(words.get("query", "query"))
        if head + columns >= heads:
            axis.set_xlabel(words.get("key", "key"))
        if tokens <= 8:
            _write_numbers(axis, tables[head], top, 9 if heads == 1 else 7)
    drawn.colorbar(picture, ax=list(axes), shrink=0.75, pad=0.02, aspect=25)
    return drawn


def _tables(weights: Tensor) -> np.ndarray:
    """Return (h, T, T) as an array; a single table becomes one head."""
    tables = weights[None] if weights.ndim == 2 else weights
    if tables.ndim != 3 or tables.shape[1] != tables.shape[2]:
        raise ValueError(
            f"weights of shape {tuple(weights.shape)}: expected (T, T) or (h, T, T)"
        )
    return tables.detach().cpu().float().numpy()


def _name_tokens(axis: Any, labels: Sequence[str] | None, tokens: int) -> None:
    for spine in axis.spines.values():
        spine.set_visible(False)
    if labels is not None:
        long = any(len(label) > 2 for label in labels)
        axis.set_xticks(range(tokens), labels, rotation=60 if long else 0)
        axis.set_yticks(range(tokens), labels)
    axis.tick_params(length=0)


def _write_numbers(axis: Any, table: np.ndarray, top: float, size: int) -> None:
    for (row, column), value in np.ndenumerate(table):
        ink = "white" if value < 0.55 * top else "black"
        text = f"{value:.2f}"
        axis.text(column, row, text, ha="center", va="center", color=ink, fontsize=size)


@styled
def attention_over_image(
    image: Any,
    weights: Tensor,
    grid: tuple[int, int],
    query: int = 0,
    columns: int | None = None,
    words: Words | None = None,
) -> Figure:
    """Draw where one token looks: the image first, then one map per head.

    Each map has its own brightness: its strongest weight is written above it.

    Args:
        image: see `vislearn.show.pixels.to_pixels`; what the model saw.
        weights: (h, T, T), one image of one block of `vislearn.show.attention`.
        grid: (rows, columns) of patches; T - rows * columns tokens come before them.
        query: the token that looks; 0 is the CLS token if there is one. A patch is
            marked with a frame.
        columns: pictures in a row; by default 2 for up to 4 pictures, else 3.
        words: may hold "title", "image", "head" and "most" (default "image", "head",
            "max").

    Raises:
        ValueError: if the shapes do not fit or the query does not exist.
    """
    tables = _tables(weights)
    heads, tokens = tables.shape[:2]
    prefix = tokens - grid[0] * grid[1]
    if prefix < 0:
        raise ValueError(f"{tokens} tokens cannot hold a grid of {grid[0]} × {grid[1]}")
    if not 0 <= query < tokens:
        raise ValueError(f"query={query}: expected 0 to {tokens - 1}")
    words = words or {}
    pixels = to_pixels(image)
    maps = tables[:, query, prefix:].reshape(heads, *grid)
    columns = min(columns or (2 if heads < 4 else 3), heads + 1)
    rows = -(-(heads + 1) // columns)
    side = WIDTH / columns
    extra = 0.3 if "title" in words else 0.0
    height = rows * (side * pixels.shape[0] / pixels.shape[1] + 0.22) + extra
    drawn = figure(WIDTH, height)
    if extra:
        drawn.suptitle(words["title"], fontsize=10)
    axes = drawn.subplots(rows, columns, squeeze=False).flatten()
    for axis in axes:
        axis.set_axis_off()
    axes[0].imshow(pixels)
    axes[0].set_title(words.get("image", "image"), fontsize=10)
    for head, axis in enumerate(axes[1 : heads + 1]):
        _overlay(axis, pixels, maps[head])
        title = f"{words.get('head', 'head')} {head}: "
        title += f"{words.get('most', 'max')} {maps[head].max():.2g}"
        axis.set_title(title, fontsize=10)
    for axis in axes[: heads + 1]:
        _mark_query(axis, query - prefix, grid, pixels.shape)
    return drawn


def _overlay(axis: Any, pixels: np.ndarray, weights: np.ndarray) -> None:
    """Dim grey photograph below; the more weight, the more colour lies above."""
    height, width = pixels.shape[:2]
    share = weights / max(float(weights.max()), 1e-12)
    extent = (-0.5, width - 0.5, height - 0.5, -0.5)
    axis.imshow(pixels.mean(-1) * 0.7, cmap="gray", vmin=0, vmax=1)
    axis.imshow(
        share, cmap="inferno", vmin=0, vmax=1, alpha=0.75 * share, extent=extent
    )


def _mark_query(
    axis: Any, patch: int, grid: tuple[int, int], shape: tuple[int, ...]
) -> None:
    if patch < 0:  # a prefix token lies nowhere in the image
        return
    high, wide = shape[0] / grid[0], shape[1] / grid[1]
    corner = (patch % grid[1] * wide - 0.5, patch // grid[1] * high - 0.5)
    for ink, thick in (("black", 3.0), ("white", 1.5)):
        axis.add_patch(
            Rectangle(corner, wide, high, fill=False, ec=ink, lw=thick, clip_on=False)
        )
