"""The pictures of the SigLIP chapter: two questions, a probe, a shape that is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from vislearn.show.look import INK, WIDTH, Words, figure, styled
from vislearn.show.pixels import to_pixels

_RIGHT, _WRONG, _ROW = "#009E73", "#D55E00", "#0072B2"


@styled
def two_questions(
    pictures: Sequence[Any], texts: Sequence[str], words: Words
) -> Figure:
    """One table of N × N pairs, asked twice: a choice for each row, yes or no for each.

    On the left a frame holds what competes for one answer, on the right every cell has
    a frame of its own. The right pairs are the diagonal.

    Args:
        pictures: N images, see `vislearn.show.pixels.to_pixels`.
        texts: N texts; text i belongs to picture i.
        words: holds "choose" and "judge", the titles.

    Raises:
        ValueError: with fewer than 2 pictures or another number of texts.
    """
    count = len(pictures)
    if count < 2 or len(texts) != count:
        raise ValueError(
            f"expected at least 2 pictures and as many texts, got {count} and "
            f"{len(texts)}"
        )
    drawn = figure(WIDTH, 2.9)
    panels = zip(drawn.subplots(1, 2), ("choose", "judge"), strict=True)
    for axis, way in panels:
        for place, picture in enumerate(pictures):
            extent = (-0.95, -0.15, place + 0.9, place + 0.1)
            axis.imshow(to_pixels(picture), extent=extent)
            axis.text(
                place + 0.5, -0.12, texts[place], rotation=60, ha="left", va="bottom",
                rotation_mode="anchor", fontsize=9, color=INK,
            )  # fmt: skip
        (_choices if way == "choose" else _judgements)(axis, count)
        axis.set(xlim=(-1.0, count + 0.7), ylim=(count + 0.1, -1.9), aspect="equal")
        axis.set_axis_off()
        axis.set_title(words[way])
    return drawn


def _choices(axis: Any, count: int) -> None:
    """One frame for each row: the filled dot is chosen, the others are not."""
    for row in range(count):
        axis.add_patch(
            Rectangle((0.06, row + 0.1), count - 0.12, 0.8, fc="#e8f1f8", ec=_ROW)
        )
        for column in range(count):
            fill = _ROW if row == column else "white"
            axis.plot(column + 0.5, row + 0.5, "o", ms=8, mfc=fill, mec=_ROW, mew=1.3)


def _judgements(axis: Any, count: int) -> None:
    """One frame for each pair, a tick or a cross in it."""
    for row in range(count):
        for column in range(count):
            right = row == column
            ink, paper = (_RIGHT, "#e3f4ee") if right else (_WRONG, "#fbeee6")
            axis.add_patch(
                Rectangle((column + 0.1, row + 0.1), 0.8, 0.8, fc=paper, ec=ink)
            )
            axis.text(
                column + 0.5, row + 0.53, "✓" if right else "✗", ha="center",
                va="center", color=ink, fontsize=11,
            )  # fmt: skip


@styled
def probe_maps(
    images: Sequence[Any],
    weights: dict[str, Tensor],
    grid: tuple[int, int],
    words: Words,
) -> Figure:
    """Where the probe of a MAP head looks: images on top, one row for each head.

    Each map has its own brightness: its strongest weight is written above it.

    Args:
        images: M images, see `vislearn.show.pixels.to_pixels`.
        weights: name -> (M, h · w), the probe's attention to the patches of each image.
        grid: (h, w), rows and columns of patches.
        words: a text for each name; "images" for the first row.

    Raises:
        ValueError: if images, weights and grid do not fit together, or a weight is not
            finite.
    """
    count, cells = len(images), grid[0] * grid[1]
    for name, table in weights.items():
        if tuple(table.shape) != (count, cells):
            raise ValueError(
                f"{name!r}: expected weights {(count, cells)}, got {tuple(table.shape)}"
            )
        if not bool(table.isfinite().all()):
            raise ValueError(f"{name!r}: the weights are not all finite")
    if count == 0 or not weights:
        raise ValueError("there is no image or no attention to draw")
    rows = 1 + len(weights)
    drawn = figure(WIDTH, rows * (WIDTH / (count + 0.5) + 0.22))
    axes = drawn.subplots(rows, count, squeeze=False)
    for axis in axes.flatten():
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set_visible(False)
    for place, image in enumerate(images):
        axes[0, place].imshow(to_pixels(image))
    axes[0, 0].set_ylabel(words["images"])
    for row, (name, table) in zip(axes[1:], weights.items(), strict=True):
        row[0].set_ylabel(words[name])
        for axis, image, attention in zip(row, images, table, strict=True):
            share = attention.detach().cpu().float().numpy().reshape(grid)
            _lay_over(axis, to_pixels(image), share)
            axis.set_title(f"{share.max():.2f}", fontsize=9, pad=2)
    return drawn


def _lay_over(axis: Any, pixels: np.ndarray, share: np.ndarray) -> None:
    """A dim grey image below; the more attention, the more colour lies above."""
    height, width = pixels.shape[:2]
    bright = share / max(float(share.max()), 1e-12)
    axis.imshow(pixels.mean(-1) * 0.7, cmap="gray", vmin=0, vmax=1)
    axis.imshow(
        bright, cmap="inferno", vmin=0, vmax=1, alpha=0.85 * bright,
        extent=(-0.5, width - 0.5, height - 0.5, -0.5),
    )  # fmt: skip


@styled
def kept_shape(
    original: Any,
    squashed: tuple[Any, tuple[int, int]],
    kept: tuple[Any, tuple[int, int]],
    words: Words,
) -> Figure:
    """A wide picture: as it is, squashed to a square, and in its own shape.

    Args:
        original, squashed, kept: images, see `vislearn.show.pixels.to_pixels`; the
            last two with their grids (h, w) of patches.
        words: holds "original", "squashed" and "kept", the titles.

    Raises:
        ValueError: if the original is not wider than high.
    """
    pixels = {"original": to_pixels(original)}
    pixels |= {"squashed": to_pixels(squashed[0]), "kept": to_pixels(kept[0])}
    grids = {"squashed": squashed[1], "kept": kept[1]}
    height, width = pixels["original"].shape[:2]
    if width <= height:
        raise ValueError(f"expected a wide picture, got {width} × {height} pixels")
    ratio = width / height
    top, below = WIDTH / ratio, WIDTH / (1 + ratio)
    drawn = figure(WIDTH, top + below + 0.6)
    axes = drawn.subplot_mosaic(
        [["original", "original"], ["squashed", "kept"]],
        height_ratios=[top, below], width_ratios=[1, ratio],
    )  # fmt: skip
    for name, axis in axes.items():
        axis.imshow(pixels[name])
        axis.set_axis_off()
        axis.set_title(words[name])
        if name in grids:
            _rule(axis, pixels[name].shape, grids[name])
    return drawn


def _rule(axis: Any, shape: tuple[int, ...], grid: tuple[int, int]) -> None:
    """The lines between the patches."""
    high, wide = shape[0] / grid[0], shape[1] / grid[1]
    for row in range(1, grid[0]):
        axis.axhline(row * high - 0.5, color=_ROW, lw=0.4, alpha=0.7)
    for column in range(1, grid[1]):
        axis.axvline(column * wide - 0.5, color=_ROW, lw=0.4, alpha=0.7)
