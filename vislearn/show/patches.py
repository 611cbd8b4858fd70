"""What the patch embedding does to an image, and what it has learned to look for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from vislearn.show.look import INK, WIDTH, Words, figure, styled
from vislearn.show.pixels import cut_into_patches, mosaic, to_pixels


@styled
def patch_grid(
    image: Any,
    patch_size: int,
    numbers: bool = False,
    marked: Sequence[int] = (),
    words: Words | None = None,
) -> Figure:
    """Draw an image cut into its patches, with gaps between them.

    Args:
        image: see `vislearn.show.pixels.to_pixels`.
        patch_size: P; both sides of the image must be multiples of it.
        numbers: write each patch's place in the sequence (0, 1, 2, ... row by row).
        marked: patches to put a frame around, by number.
        words: may hold "title".

    Raises:
        ValueError: if the image does not divide or a marked patch does not exist.
    """
    tiles = cut_into_patches(to_pixels(image), patch_size)
    rows, columns = tiles.shape[:2]
    for number in marked:
        if not 0 <= number < rows * columns:
            raise ValueError(f"patch {number}: expected 0 to {rows * columns - 1}")
    gap = max(1, round(patch_size * 0.14))
    sheet = mosaic(tiles, gap)
    title = (words or {}).get("title", "")
    width = WIDTH * 0.85
    drawn = figure(width, width * sheet.shape[0] / sheet.shape[1] + 0.3 * bool(title))
    axis = drawn.subplots()
    axis.imshow(sheet)
    axis.set_axis_off()
    if title:
        axis.set_title(title)
    step = patch_size + gap
    for number in range(rows * columns):
        top, left = number // columns * step - 0.5, number % columns * step - 0.5
        if number in marked:
            for ink, thick in (("white", 4.0), (INK, 2.0)):
                axis.add_patch(
                    Rectangle((left, top), patch_size, patch_size, fill=False,
                              lw=thick, ec=ink, clip_on=False)
                )  # fmt: skip
        if numbers:
            _number(axis, left, top, number, min(10.0, 95 / columns))
    return drawn


def _number(axis: Any, left: float, top: float, number: int, size: float) -> None:
    axis.text(
        left, top, str(number), va="top", ha="left", fontsize=size, color=INK,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.85},
    )  # fmt: skip


@styled
def patch_filters(
    weight: Tensor, count: int = 28, words: Words | None = None
) -> Figure:
    """Draw the principal components of the patch-embedding filters as RGB pictures.

    The D filters together span what the model can see of a patch; their components,
    in order of strength, show it best (arXiv:2010.11929, figure 7, left). Each is
    stretched to its own range, and its sign is arbitrary.

    Args:
        weight: (D, 3, P, P), `model.patch_embed.proj.weight`.
        count: how many components.
        words: may hold "title".

    Raises:
        ValueError: if the weight is not (D, 3, P, P) or has fewer components.
    """
    if weight.ndim != 4 or weight.shape[1] != 3:
        raise ValueError(
            f"weight of shape {tuple(weight.shape)}: expected (D, 3, P, P)"
        )
    components = filter_components(weight)
    if not 1 <= count <= len(components):
        raise ValueError(f"count={count}: expected 1 to {len(components)}")
    chosen = components[:count].numpy().transpose(0, 2, 3, 1)
    low = chosen.min(axis=(1, 2, 3), keepdims=True)
    span = np.maximum(chosen.max(axis=(1, 2, 3), keepdims=True) - low, 1e-12)
    columns = min(7, count)
    rows = -(-count // columns)
    tiles = np.ones((rows * columns, *chosen.shape[1:]), dtype=np.float32)
    tiles[:count] = (chosen - low) / span
    gap = max(1, weight.shape[-1] // 8)
    sheet = mosaic(tiles.reshape(rows, columns, *chosen.shape[1:]), gap)
    title = (words or {}).get("title", "")
    drawn = figure(WIDTH, WIDTH * sheet.shape[0] / sheet.shape[1] + 0.3 * bool(title))
    axis = drawn.subplots()
    axis.imshow(sheet)
    axis.set_axis_off()
    if title:
        axis.set_title(title)
    return drawn


def filter_components(weight: Tensor) -> Tensor:
    """Return the principal components of filters, strongest first.

    Args:
        weight: (D, C, P, P).

    Returns:
        (min(D, C·P·P), C, P, P), each of length 1.
    """
    flat = weight.detach().cpu().float().flatten(1)
    centred = flat - flat.mean(0)
    _, _, components = torch.linalg.svd(centred, full_matrices=False)
    return components.reshape(-1, *weight.shape[1:])
