"""What rotary position embedding does: pairs of channels that turn with the place."""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from vislearn.layers.rope import DINOV3, RopeStyle, rotation
from vislearn.show.look import FAINT, INK, WIDTH, Words, figure, styled


@styled
def rope_turns(
    grid: tuple[int, int] = (8, 8),
    head_width: int = 16,
    style: RopeStyle = DINOV3,
    queries: tuple[tuple[int, int], tuple[int, int]] = ((2, 2), (5, 4)),
    words: Words | None = None,
) -> Figure:
    """Draw RoPE as rotation, and the scores that come of it.

    Above: the same vector at each row of the grid, seen in two of its pairs of
    channels, the fastest and the next one that turn with the row; dark is the last
    row. Below: query and keys all hold the same vector, and a map shows the score of
    every place for a query at the cross. The pattern moves with the query.

    Args:
        grid: rows and columns (h, w).
        head_width: Dh, divisible by 4 and at least 8 (two pairs for each axis).
        style: the paper's convention.
        queries: (row, column) of the query of each map.
        words: may hold "fast", "slow" and "query" (default "fastest pair",
            "next pair", "query at row {0}, column {1}").

    Raises:
        ValueError: if a query lies outside the grid or Dh is below 8.
    """
    if head_width < 8:
        raise ValueError(
            f"two pairs for each axis need Dh of at least 8, got {head_width}"
        )
    for row, column in queries:
        if not (0 <= row < grid[0] and 0 <= column < grid[1]):
            raise ValueError(
                f"query ({row}, {column}) lies outside a grid of {grid[0]} × {grid[1]}"
            )
    words = words or {}
    drawn = figure(WIDTH, WIDTH * 1.05)
    wheels, maps = drawn.subplots(2, 2)
    angles = row_angles(grid, head_width, style)  # (h, pairs of the row)
    _draw_wheel(wheels[0], angles[:, 0], words.get("fast", "fastest pair"))
    _draw_wheel(wheels[1], angles[:, 1], words.get("slow", "next pair"))
    title = words.get("query", "query at row {0}, column {1}")
    scores = same_vector_scores(grid, head_width, style)
    low = float(scores.min())
    for axis, (row, column) in zip(maps, queries, strict=True):
        axis.imshow(scores[row, column].numpy(), cmap="viridis", vmin=low, vmax=1)
        axis.plot(column, row, marker="+", color=INK, markersize=9)
        axis.set(xticks=[], yticks=[])
        axis.set_title(title.format(row, column))
    return drawn


def row_angles(grid: tuple[int, int], head_width: int, style: RopeStyle) -> Tensor:
    """By how much each row turns each of the row's pairs, (h, Dh / 4), within ±π."""
    turn = rotation(grid, head_width, style, dtype=torch.float64)
    pairs = head_width // 4
    angles = torch.atan2(turn.sin, turn.cos).view(*grid, -1)  # (h, w, Dh / 2)
    return angles[:, 0, :pairs]


def same_vector_scores(
    grid: tuple[int, int], head_width: int, style: RopeStyle
) -> Tensor:
    """Score of each query with each key when all hold one vector of length 1.

    Every pair of channels has the same share of the length, so that the score is the
    average, over the pairs, of the cosine of the angle between query and key.

    Shapes:
        returns (h, w, h, w): row and column of the query, then of the key
    """
    turn = rotation(grid, head_width, style, dtype=torch.float64)
    vector = torch.full((1, 1, grid[0] * grid[1], head_width), head_width**-0.5)
    tokens = turn(vector.double())[0, 0]  # (N, Dh)
    return (tokens @ tokens.T).view(*grid, *grid)


def _draw_wheel(axis: Axes, angles: Tensor, title: str) -> None:
    around = np.linspace(0, 2 * np.pi, 100)
    axis.plot(np.cos(around), np.sin(around), color=FAINT, lw=0.8)
    names: dict[float, list[str]] = {}  # rows that were turned to the same angle
    for place, angle in enumerate(angles.tolist()):
        shade = str(0.8 * (1 - place / max(len(angles) - 1, 1)))
        tip = (np.cos(angle), np.sin(angle))
        arrow = {"arrowstyle": "-|>", "color": shade, "lw": 1.5}
        axis.annotate("", tip, (0, 0), arrowprops=arrow)
        names.setdefault(round(angle, 6), []).append(str(place))
    for angle, places in names.items():
        x, y = 1.25 * np.cos(angle), 1.25 * np.sin(angle)
        axis.text(x, y, ", ".join(places), ha="center", va="center", fontsize=8)
    axis.set(xlim=(-1.4, 1.4), ylim=(-1.4, 1.4), aspect="equal")
    axis.set_axis_off()
    axis.set_title(title)
