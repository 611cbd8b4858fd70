"""Pictures side by side, with a line of text under each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from vislearn.show.look import INK, WIDTH, Words, figure, styled
from vislearn.show.pixels import to_pixels

_CAPTION: Any = {"ha": "center", "va": "top", "fontsize": 10, "color": INK}
_RIGHT, _WRONG = "#009E73", "#D55E00"


@styled
def image_grid(
    images: Sequence[Any],
    columns: int = 4,
    captions: Sequence[str] | None = None,
    correct: Sequence[bool] | None = None,
    words: Words | None = None,
) -> Figure:
    """Draw images in rows.

    Args:
        images: see `vislearn.show.pixels.to_pixels`; a tensor (M, C, H, W) will do.
        columns: images in a row; 4 or fewer stay readable on a phone.
        captions: a text under each image.
        correct: puts a tick or a cross before each caption (and a green or orange
            frame around the image).
        words: may hold "title".

    Raises:
        ValueError: without images, or with another number of captions or marks.
    """
    count = len(images)
    if count == 0 or columns < 1:
        raise ValueError(f"{count} images in {columns} columns: nothing to draw")
    for name, given in (("captions", captions), ("correct", correct)):
        if given is not None and len(given) != count:
            raise ValueError(f"{count} images but {len(given)} {name}")
    columns = min(columns, count)
    rows = -(-count // columns)
    pictures = [to_pixels(image) for image in images]
    ratio = max(picture.shape[0] / picture.shape[1] for picture in pictures)
    lines = max((text.count("\n") + 1 for text in captions or ()), default=0)
    lines = max(lines, int(correct is not None))
    title = (words or {}).get("title", "")
    side = (WIDTH - 0.1) / columns
    height = rows * (side * ratio + 0.21 * lines + 0.05) + (0.3 if title else 0)
    drawn = figure(WIDTH, height)
    if title:
        drawn.suptitle(title, fontsize=10)
    axes = drawn.subplots(rows, columns, squeeze=False).flatten()
    for place, axis in enumerate(axes):
        axis.set_axis_off()
        if place >= count:
            continue
        axis.imshow(pictures[place])
        text = captions[place] if captions is not None else ""
        if correct is not None:
            text = f"{'✓' if correct[place] else '✗'} {text}".strip()
            frame(axis, correct[place])
        axis.text(0.5, -0.04, text, transform=axis.transAxes, **_CAPTION)
    return drawn


def frame(axis: Any, right: bool) -> None:
    """Put a frame around a picture: solid and green, or dashed and orange."""
    axis.set_axis_on()
    axis.set_xticks([])
    axis.set_yticks([])
    for spine in axis.spines.values():
        spine.set_visible(True)
        spine.set_linewidth(2.5)
        spine.set_color(_RIGHT if right else _WRONG)
        spine.set_linestyle("-" if right else (0, (2, 1)))
        spine.set_capstyle("butt")  # the default fills the gaps of the dashes
