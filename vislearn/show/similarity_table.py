"""Which text fits which image: the table that CLIP is trained on, with its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from vislearn.show.look import FAINT, INK, WIDTH, Words, figure, plain, styled
from vislearn.show.pixels import to_pixels
from vislearn.show.wrapping import wide, wrap

_MAP = "cividis"  # the same to colour-blind and other eyes, and ordered when printed
_LETTERS = 22  # of a text in one line
_CELL = 0.75  # inches, at most
_TOP = 1.25  # height of the row of pictures, in cells


@styled
def similarity(
    matrix: Tensor,
    images: Sequence[Any],
    texts: Sequence[str],
    right: Tensor | None = None,
    digits: int = 2,
    words: Words | None = None,
) -> Figure:
    """Draw the similarity of every image with every text.

    Images stand above the columns, texts before the rows. Below 9 images the cells
    carry their numbers, and a dot marks the text that is closest to each image.

    Args:
        matrix: image by text, as `DualEncoder.logits` gives it (cosines, logits or
            probabilities).
        images: see `vislearn.show.pixels.to_pixels`; a tensor (B, C, H, W) will do.
        texts: M of them.
        right: which pairs belong together; they get a frame.
        digits: decimals of the numbers.
        words: may hold "title" and "similarity" (the name of the numbers; default
            "cosine similarity").

    Shapes:
        matrix (B, M), right (B, M) bool

    Raises:
        ValueError: if there is no pair, or images, texts or `right` do not fit the
            matrix, or one of its numbers is not finite.
    """
    table = _table(matrix, images, texts, right)
    rows, columns = table.shape
    words = words or {}
    wrapped = ["\n".join(wrap(text, _LETTERS)) for text in texts]
    margin = 0.08 * max(wide(line) for text in wrapped for line in text.split("\n"))
    cell = min((WIDTH - margin - 0.3) / columns, _CELL)
    lines = max(text.count("\n") + 1 for text in wrapped)
    tall = max(cell, 0.17 * lines + 0.05)  # high enough for the text before it
    height = rows * tall + _TOP * cell + 0.75 + (0.25 if "title" in words else 0)
    drawn = figure(WIDTH, height)
    axis = drawn.subplots()
    picture = axis.imshow(table, cmap=_MAP)
    axis.set_yticks(range(rows), map(plain, wrapped), ha="right", color=INK)
    axis.set_xticks([])
    axis.tick_params(length=0)
    for spine in axis.spines.values():
        spine.set_visible(False)
    if columns <= 8:
        _write(axis, table, digits)
    if right is not None:
        for column, row in right.nonzero().tolist():
            _outline(axis, column, row)
    stretch = tall / cell
    _pictures(axis, images, stretch)
    axis.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5 - _TOP / stretch))
    axis.set_aspect(stretch)
    if "title" in words:
        axis.set_title(words["title"])
    bar = drawn.colorbar(picture, ax=axis, location="bottom", shrink=0.7, aspect=30)
    bar.set_label(words.get("similarity", "cosine similarity"))
    bar.outline.set_visible(False)  # type: ignore[operator]
    return drawn


def _table(
    matrix: Tensor, images: Sequence[Any], texts: Sequence[str], right: Tensor | None
) -> np.ndarray:
    """Return (M, B): a row for each text."""
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ValueError(f"matrix of shape {tuple(matrix.shape)}: expected (B, M)")
    if matrix.shape != (len(images), len(texts)):
        raise ValueError(
            f"matrix of shape {tuple(matrix.shape)} for {len(images)} images and "
            f"{len(texts)} texts"
        )
    if right is not None and right.shape != matrix.shape:
        raise ValueError(
            f"right of shape {tuple(right.shape)}, expected {tuple(matrix.shape)}"
        )
    table = matrix.detach().cpu().float().T.numpy()
    if not np.isfinite(table).all():
        raise ValueError("the similarities are not all finite")
    return table


def _write(axis: Any, table: np.ndarray, digits: int) -> None:
    low, high = float(table.min()), float(table.max())
    for (row, column), value in np.ndenumerate(table):
        ink = "white" if value < low + 0.55 * (high - low) else "black"
        first = value == table[:, column].max()
        number = round(float(value), digits) + 0.0  # without the sign of -0.00
        text = f"{number:.{digits}f}" + ("\n●" if first else "")
        axis.text(
            column, row, text, ha="center", va="center", color=ink, fontsize=8,
            linespacing=1.0,
        )  # fmt: skip


def _outline(axis: Any, column: int, row: int) -> None:
    for ink, thick in (("black", 3.4), ("white", 1.6)):
        corner = (column - 0.46, row - 0.46)
        axis.add_patch(Rectangle(corner, 0.92, 0.92, fill=False, ec=ink, lw=thick))


def _pictures(axis: Any, images: Sequence[Any], stretch: float) -> None:
    """Draw the images above the table; a cell is `stretch` times as high as wide."""
    bottom, high = -0.5 - 0.12 / stretch, 0.92 / stretch
    for column, image in enumerate(images):
        left = column - 0.46
        axis.imshow(to_pixels(image), extent=(left, left + 0.92, bottom, bottom - high))
        axis.add_patch(
            Rectangle((left, bottom - high), 0.92, high, fill=False, ec=FAINT, lw=0.8)
        )
