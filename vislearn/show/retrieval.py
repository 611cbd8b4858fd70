"""What a text finds: the closest pictures of each query."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure
from torch import Tensor

from vislearn.show.images import frame
from vislearn.show.look import INK, WIDTH, Words, figure, plain, styled
from vislearn.show.pixels import to_pixels
from vislearn.show.wrapping import wrap

_LETTERS = 52  # of a query in one line


@styled
def retrieval_grid(
    queries: Sequence[str],
    found: Tensor,
    images: Sequence[Any],
    right: Tensor | None = None,
    captions: Sequence[str] | None = None,
    words: Words | None = None,
) -> Figure:
    """Draw a row of pictures for each query, the closest first.

    Right ones have a tick and a solid frame, wrong ones a cross and a dashed frame.

    Args:
        queries: Q texts.
        found: numbers of the pictures, from `vislearn.evaluate.nearest`.
        images: all pictures; see `vislearn.show.pixels.to_pixels`.
        right: whether each found picture is right.
        captions: a short text under each of all pictures.
        words: may hold "title".

    Shapes:
        found (Q, k) int64, right (Q, k) bool

    Raises:
        ValueError: if queries, found, right or captions do not fit, or a picture does
            not exist.
    """
    _check(queries, found, images, right, captions)
    rows, columns = found.shape
    words = words or {}
    wrapped = ["\n".join(wrap(query, _LETTERS)) for query in queries]
    lines = int(right is not None or captions is not None)
    side = WIDTH / columns
    heights = [side + 0.2 * lines + 0.2 * (t.count("\n") + 1) + 0.15 for t in wrapped]
    drawn = figure(WIDTH, sum(heights) + (0.3 if "title" in words else 0))
    if "title" in words:
        drawn.suptitle(words["title"], fontsize=10)
    parts = drawn.subfigures(rows, 1, squeeze=False, height_ratios=heights)[:, 0]
    for row, part in enumerate(parts):
        part.suptitle(plain(wrapped[row]), x=0.01, ha="left", fontsize=10, color=INK)
        axes = part.subplots(1, columns, squeeze=False)[0]
        for column, axis in enumerate(axes):
            place = int(found[row, column])
            axis.set_axis_off()
            axis.imshow(to_pixels(images[place]))
            text = captions[place] if captions is not None else ""
            if right is not None:
                good = bool(right[row, column])
                text = f"{'✓' if good else '✗'} {text}".strip()
                frame(axis, good)
            axis.text(
                0.5, -0.06, plain(text), transform=axis.transAxes, ha="center",
                va="top", fontsize=9, color=INK,
            )  # fmt: skip
    return drawn


def _check(
    queries: Sequence[str],
    found: Tensor,
    images: Sequence[Any],
    right: Tensor | None,
    captions: Sequence[str] | None,
) -> None:
    if found.ndim != 2 or 0 in found.shape or len(found) != len(queries):
        raise ValueError(
            f"found of shape {tuple(found.shape)}: expected ({len(queries)}, k) for "
            f"{len(queries)} queries"
        )
    if right is not None and right.shape != found.shape:
        raise ValueError(
            f"right of shape {tuple(right.shape)}, expected {tuple(found.shape)}"
        )
    if captions is not None and len(captions) != len(images):
        raise ValueError(f"{len(images)} images but {len(captions)} captions")
    low, high = int(found.min()), int(found.max())
    if low < 0 or high >= len(images):
        wrong = low if low < 0 else high
        raise ValueError(f"picture {wrong}: expected 0 to {len(images) - 1}")
