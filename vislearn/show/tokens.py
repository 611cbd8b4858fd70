"""An image as the sequence that a transformer reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from vislearn.show.look import FAINT, INK, WIDTH, Words, figure, styled
from vislearn.show.pixels import cut_into_patches, to_pixels


@styled
def token_sequence(
    image: Any,
    patch_size: int,
    prefix: Sequence[str] = ("CLS",),
    most: int = 7,
    words: Words | None = None,
) -> Figure:
    """Draw the tokens in the order in which the model reads them.

    Under each token stands its place in the sequence. Of a long sequence the middle
    is left out.

    Args:
        image: see `vislearn.show.pixels.to_pixels`.
        patch_size: P.
        prefix: names of the tokens before the patches.
        most: patches to draw before one is left out.
        words: may hold "title" and "place" (text before the row of places).

    Raises:
        ValueError: if the image does not divide into patches or `most` < 2.
    """
    if most < 2:
        raise ValueError(f"most={most}: expected at least 2")
    tiles = cut_into_patches(to_pixels(image), patch_size)
    patches = tiles.reshape(-1, *tiles.shape[2:])
    count = len(patches)
    shown: list[int | None] = list(range(count))
    if count > most:
        shown = [*range(most - 1), None, count - 1]
    words = words or {}
    cells = len(prefix) + len(shown)
    margin = 0.9 if "place" in words else 0.0  # in cells
    cell = WIDTH / (cells + margin)
    drawn = figure(WIDTH, cell * 1.75 + (0.35 if "title" in words else 0.05))
    axis = drawn.subplots()
    axis.set_axis_off()
    if "title" in words:
        axis.set_title(words["title"])
    if "place" in words:
        axis.text(-margin, -0.32, words["place"], va="center", fontsize=9, color=INK)
    for place, name in enumerate(prefix):
        _box(axis, place, name)
        _place(axis, place, place)
    for cell_index, patch in enumerate(shown, start=len(prefix)):
        if patch is None:
            axis.text(cell_index + 0.5, 0.5, "…", ha="center", va="center", fontsize=14)
            continue
        left = cell_index + 0.06
        axis.imshow(patches[patch], extent=(left, left + 0.88, 0.06, 0.94))
        _place(axis, cell_index, len(prefix) + patch)
    # Last, because imshow moves the limits to the patch that it draws.
    axis.set(xlim=(-margin, cells), ylim=(-0.62, 1.05), aspect="equal")
    return drawn


def _box(axis: Any, cell: int, name: str) -> None:
    axis.add_patch(
        FancyBboxPatch((cell + 0.1, 0.1), 0.8, 0.8, boxstyle="round,pad=0.04", lw=1.2,
                       fc="#f3f3f3", ec=FAINT)
    )  # fmt: skip
    axis.text(cell + 0.5, 0.5, name, ha="center", va="center", fontsize=9, color=INK)


def _place(axis: Any, cell: int, number: int) -> None:
    axis.text(
        cell + 0.5, -0.32, str(number), ha="center", va="center", fontsize=9, color=INK
    )
