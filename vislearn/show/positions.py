"""What position embeddings know about each other."""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from vislearn.show.look import WIDTH, Words, figure, styled
from vislearn.show.pixels import mosaic


@styled
def position_similarity(
    embeddings: Tensor,
    grid: tuple[int, int],
    most: int = 7,
    words: Words | None = None,
) -> Figure:
    """Draw, for each place in the image, how similar all places are to it.

    The map in row r and column c shows the cosine similarity between the position
    embedding of patch (r, c) and those of all patches (arXiv:2010.11929, figure 7,
    centre).

    Args:
        embeddings: (N, D), without those of prefix tokens.
        grid: (rows, columns) with rows * columns == N.
        most: at most so many maps along a side; of a larger grid evenly spread
            places are drawn.
        words: may hold "title", "row", "column" and "similarity" (default
            "patch row", "patch column", "cosine similarity").

    Raises:
        ValueError: if the embeddings are not (rows * columns, D).
    """
    rows, columns = grid
    if embeddings.ndim != 2 or len(embeddings) != rows * columns:
        raise ValueError(
            f"embeddings of shape {tuple(embeddings.shape)}: expected "
            f"({rows * columns}, D) for a grid of {rows} × {columns}"
        )
    words = words or {}
    similarity = cosine_table(embeddings).reshape(rows, columns, rows, columns)
    chosen_rows, chosen_columns = _spread(rows, most), _spread(columns, most)
    tiles = similarity[np.ix_(chosen_rows, chosen_columns)]
    gap = max(1, rows // 6)
    sheet = mosaic(tiles, gap, paper=np.nan)
    drawn = figure(WIDTH, WIDTH * 0.83 * sheet.shape[0] / sheet.shape[1])
    axis = drawn.subplots()
    # Often everything is far above -1: the scale runs over what is there.
    low = float(np.nanmin(sheet))
    picture = axis.imshow(sheet, cmap="viridis", vmin=low, vmax=1)
    axis.set_yticks(_middles(len(chosen_rows), rows, gap), chosen_rows)
    axis.set_xticks(_middles(len(chosen_columns), columns, gap), chosen_columns)
    axis.set_ylabel(words.get("row", "patch row"))
    axis.set_xlabel(words.get("column", "patch column"))
    axis.tick_params(length=0)
    for spine in axis.spines.values():
        spine.set_visible(False)
    if "title" in words:
        axis.set_title(words["title"])
    bar = drawn.colorbar(picture, ax=axis, shrink=0.85, pad=0.02)
    bar.set_label(words.get("similarity", "cosine similarity"))
    return drawn


def cosine_table(embeddings: Tensor) -> np.ndarray:
    """Return the cosine similarity of each pair of rows, (N, N)."""
    unit = torch.nn.functional.normalize(embeddings.detach().cpu().double(), dim=-1)
    return (unit @ unit.T).float().numpy()


def _spread(count: int, most: int) -> np.ndarray:
    return np.unique(np.linspace(0, count - 1, min(most, count)).round().astype(int))


def _middles(count: int, size: int, gap: int) -> list[float]:
    return [index * (size + gap) + (size - 1) / 2 for index in range(count)]
