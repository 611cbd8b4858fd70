"""Which pixels one output sees: in theory a square, measured a bright spot in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from vislearn.show.look import INK, WIDTH, Words, figure, styled


class Field(NamedTuple):
    """What is known about one output's field."""

    gradient: Any  # (H, W), not negative: how much each pixel changes the output
    theory: int  # side of the square that can be seen at all, pixels
    half: int  # side of the centred square that holds half of the gradient, pixels


def half_side(gradient: Any, share: float = 0.5) -> int:
    """Side of the smallest centred square that holds a share of the gradient.

    Args:
        gradient: (H, W), not negative; its centre is the middle of the picture.
        share: of the sum, 0 < share < 1.

    Raises:
        ValueError: if there is nothing to measure, or the share is impossible.
    """
    values = np.asarray(gradient, dtype=np.float64)
    if values.ndim != 2 or not values.sum() > 0 or values.min() < 0:
        raise ValueError(
            "expected a map (H, W) of numbers that are not negative, some above 0"
        )
    if not 0 < share < 1:
        raise ValueError(f"share must be between 0 and 1, got {share}")
    rows, columns = np.indices(values.shape)
    middle = (np.array(values.shape) - 1) / 2
    # Twice the distance along the larger axis: the square that just reaches the pixel.
    side = 2 * np.maximum(abs(rows - middle[0]), abs(columns - middle[1]))
    order = np.argsort(side, axis=None, kind="stable")
    reached = np.cumsum(values.flatten()[order]) / values.sum()
    return int(side.flatten()[order][np.searchsorted(reached, share)]) + 1


@styled
def receptive_fields(
    rows: Mapping[str, Sequence[Field]], words: Words | None = None
) -> Figure:
    """Draw one row of maps for each network, one map for each stage.

    The solid square is the theory, the dashed one holds half of the gradient. Both are
    drawn around the centre; a square larger than the picture is not visible.

    Args:
        rows: name of a network -> its fields, stage by stage.
        words: may hold the names of the networks, and "stage" for the titles.

    Raises:
        ValueError: without fields, or with another number of stages in a row.
    """
    counts = {len(fields) for fields in rows.values()}
    if len(counts) != 1 or 0 in counts:
        raise ValueError(f"expected as many stages in each row, got {sorted(counts)}")
    words, stages = words or {}, counts.pop()
    drawn = figure(WIDTH, 1.35 * len(rows) + 0.35)
    axes = drawn.subplots(len(rows), stages, squeeze=False)
    for line, (name, fields) in zip(axes, rows.items(), strict=True):
        for axis, field in zip(line, fields, strict=True):
            _draw_field(axis, field)
        line[0].set_ylabel(words.get(name, name))
    for number, axis in enumerate(axes[0], start=1):
        axis.set_title(f"{words.get('stage', 'stage')} {number}")
    return drawn


def _draw_field(axis: Any, field: Field) -> None:
    values = np.asarray(field.gradient, dtype=np.float64)
    height, width = values.shape
    axis.imshow(np.sqrt(values / values.max()), cmap="magma", vmin=0, vmax=1)
    for side, line in ((field.theory, "-"), (field.half, "--")):
        if side < min(height, width):
            corner = ((width - side) / 2 - 0.5, (height - side) / 2 - 0.5)
            axis.add_patch(
                Rectangle(corner, side, side, fill=False, ec="white", lw=1.2, ls=line)
            )
    axis.set_xticks([])
    axis.set_yticks([])
    axis.set_xlabel(f"{field.half} / {field.theory}", color=INK)
