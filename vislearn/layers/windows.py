"""Windows: attention inside small squares of the map instead of across all of it.

Paper: Swin arXiv:2103.14030, section 3.2; equation 4 is the bias. With windows of M × M
tokens the scores cost M² for each token instead of N, so the work grows linearly with
the image. Shifting the windows by half their side in every other block lets what two
neighbouring windows know meet. Tested against: torchvision, timm and transformers, as
parts of Swin (tests/parity).
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vislearn.layers.attention import Recordable
from vislearn.layers.relative import relative_index


def window_partition(x: Tensor, window: int) -> Tensor:
    """Cut a map into windows, in raster order: the tokens inside, and the windows.

    Shapes:
        x (B, h, w, D) -> (B · windows, M², D), windows = (h / M) · (w / M)

    Raises:
        ValueError: if there are not four dimensions, or h or w is not divisible by M.
    """
    if x.ndim != 4:
        raise ValueError(f"expected a map of shape (B, h, w, D), got {tuple(x.shape)}")
    B, h, w, D = x.shape
    M = window
    rows, columns = window_grid((h, w), M)
    x = x.reshape(B, rows, M, columns, M, D).transpose(2, 3)
    return x.reshape(B * rows * columns, M * M, D)


def window_reverse(windows: Tensor, window: int, grid: tuple[int, int]) -> Tensor:
    """Put windows back together: the inverse of `window_partition`.

    Args:
        windows: what `window_partition` returned, or as many tokens of another width.
        window: M, tokens along a side.
        grid: (h, w) of the map.

    Shapes:
        windows (B · windows, M², D) -> (B, h, w, D)

    Raises:
        ValueError: if the windows do not make whole maps of that size.
    """
    h, w = grid
    M = window
    rows, columns = window_grid(grid, M)
    if (
        windows.ndim != 3
        or windows.shape[1] != M * M
        or len(windows) % (rows * columns)
    ):
        raise ValueError(
            f"expected a multiple of {rows * columns} windows of {M * M} tokens for a "
            f"map of {h} × {w}, got {tuple(windows.shape)}"
        )
    D = windows.shape[-1]
    x = windows.reshape(-1, rows, columns, M, M, D).transpose(2, 3)
    return x.reshape(-1, h, w, D)


def window_grid(grid: tuple[int, int], window: int) -> tuple[int, int]:
    """Rows and columns of windows on a map of (h, w) tokens.

    Raises:
        ValueError: if a side is not a positive multiple of the window.
    """
    h, w = grid
    if window < 1:
        raise ValueError(f"window must be at least 1, got {window}")
    if h % window or w % window or min(h, w) < window:
        raise ValueError(f"a map of {h} × {w} does not divide into windows of {window}")
    return h // window, w // window


def pad_to_windows(x: Tensor, window: int) -> Tensor:
    """Add zero tokens below and to the right until both sides divide by M.

    Shapes:
        x (B, h, w, D) -> (B, ⌈h / M⌉ · M, ⌈w / M⌉ · M, D)
    """
    below, right = -x.shape[1] % window, -x.shape[2] % window
    return F.pad(x, (0, 0, 0, right, 0, below)) if below or right else x


def usable_shift(grid: tuple[int, int], window: int, shift: int) -> tuple[int, int]:
    """Rows and columns to roll: none where one window covers the whole side anyway."""
    h, w = grid
    return (shift if h > window else 0), (shift if w > window else 0)


def shift_mask(grid: tuple[int, int], window: int, shift: tuple[int, int]) -> Tensor:
    """Who may look at whom after the map was rolled up and to the left by `shift`.

    Rolling brings the first rows to the bottom and the first columns to the right, next
    to tokens that they have nothing to do with. Two tokens of a window may look at each
    other if both came around the edge or neither did, in rows as in columns.

    Args:
        grid: (h, w) of the map, padding included.
        window: M.
        shift: rows and columns that were rolled, each from 0 to M - 1.

    Shapes:
        returns (windows, M², M²): 0 for a pair that may look, -inf for others (the
        official code has -100, which leaves a weight of less than 1e-43)

    Raises:
        ValueError: if the map does not divide into windows, or a shift does not fit.
    """
    if not all(0 <= step < window for step in shift):
        raise ValueError(f"shift must be from 0 to {window - 1}, got {shift}")
    h, w = grid
    rows_came_around = torch.arange(h) >= h - shift[0]  # (h,)
    columns_came_around = torch.arange(w) >= w - shift[1]  # (w,)
    group = 2 * rows_came_around[:, None] + columns_came_around[None, :]  # (h, w)
    groups = window_partition(group[None, :, :, None], window)  # (windows, M², 1)
    apart = groups != groups.transpose(1, 2)  # (windows, M², M²)
    return torch.zeros(apart.shape).masked_fill(apart, -math.inf)


class WindowAttention(Recordable):
    """Multi-head attention inside windows, with a learned bias for each relative step.

    A bias that depends on where the key is, seen from the query, is added to the scores
    (arXiv:2103.14030, equation 4). It stands in for position embeddings: all windows
    share it.

    Args:
        width: D; must be divisible by `heads`.
        heads: h.
        window: M.
        qkv_bias: whether q, k and v have biases.
        fused: use torch's fused kernel where it can be used: it has no gradient for
            what is added to the scores, so while the bias is being trained the product
            is written out. False always writes it out.

    Shapes:
        x (B · windows, M², D) -> the same; mask (windows, M², M²), added to the scores

    Raises:
        ValueError: if `width` is not divisible by `heads`, or x has another shape.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        window: int,
        qkv_bias: bool = True,
        fused: bool = True,
    ) -> None:
        super().__init__()
        if heads < 1 or width % heads:
            raise ValueError(f"width {width} is not divisible by heads {heads}")
        self.width, self.heads, self.window = width, heads, window
        self.fused = fused
        table = torch.zeros((2 * window - 1) ** 2, heads)  # a row for each step
        self.relative_position_bias_table = nn.Parameter(table)
        self.register_buffer(
            "relative_position_index",
            relative_index((window, window)).flatten(),
            persistent=False,
        )
        self.qkv = nn.Linear(width, 3 * width, bias=qkv_bias)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        windows, tokens, D = self.check(x)
        qkv = self.qkv(x).reshape(windows, tokens, 3, self.heads, D // self.heads)
        q, k, v = (part.transpose(1, 2) for part in qkv.unbind(2))  # (…, h, M², Dh)
        bias = self.bias()  # (1, h, M², M²)
        if mask is not None:
            bias = bias + mask[:, None]  # (windows of one image, h, M², M²)
        if self.fused and not bias.requires_grad:
            every = for_every_image(bias, windows)
            out = F.scaled_dot_product_attention(q, k, v, attn_mask=every)
        else:
            out = biased_attention(q, k, v, bias)
        if self.recorder is not None:
            self.record(q, k, v, for_every_image(bias, windows))
        return self.proj(out.transpose(1, 2).reshape(windows, tokens, D))

    def bias(self) -> Tensor:
        """What is added to the scores of each pair, read from the table.

        Shapes:
            returns (1, h, M², M²)
        """
        index = self.get_buffer("relative_position_index")
        rows = self.relative_position_bias_table[index]  # (M⁴, h)
        return rows.T.reshape(1, self.heads, self.window**2, self.window**2)

    def check(self, x: Tensor) -> tuple[int, int, int]:
        """The shape of x, or a ValueError that says what was expected."""
        if x.ndim != 3 or x.shape[1:] != (self.window**2, self.width):
            raise ValueError(
                f"expected windows of shape (B · windows, {self.window**2}, "
                f"{self.width}), got {tuple(x.shape)}"
            )
        return x.shape[0], x.shape[1], x.shape[2]


def biased_attention(q: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> Tensor:
    """Attention in windows, written out: softmax(q kᵀ / √Dh + bias) v.

    Shapes:
        q, k, v (B · windows, h, M², Dh), bias (windows or 1, h, M², M²) -> as q
    """
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)
    scores = scores.unflatten(0, (-1, len(bias))) + bias  # (B, windows, h, M², M²)
    return scores.softmax(-1).flatten(0, 1) @ v


def for_every_image(bias: Tensor, windows: int) -> Tensor:
    """Repeat the biases of one image's windows for the whole batch.

    Shapes:
        bias (windows of one image or 1, h, M², M²) -> (B · windows, h, M², M²)
    """
    if len(bias) == 1:
        return bias.expand(windows, -1, -1, -1)
    return bias.repeat(windows // len(bias), 1, 1, 1)
