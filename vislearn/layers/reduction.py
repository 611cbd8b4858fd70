"""Attention in which every token asks, but only a few summaries answer.

Papers: spatial reduction, PVT arXiv:2102.12122, section 3.3; its linear form with
pooled keys, PVT v2 arXiv:2106.13797, "Linear Spatial Reduction Attention". On a map of
h × w places, full attention compares (h·w)² pairs. Here the keys and values come from a
smaller map, one place for each square of r × r: r² times fewer pairs are compared.
Tested against: timm and transformers (tests/parity); the readable path against the
fused one, and the costs against torch's counter (tests/layers).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vislearn.layers.attention import Recordable, attention

Grid = tuple[int, int]


def to_map(tokens: Tensor, grid: Grid) -> Tensor:
    """Tokens in raster order as a picture with D channels; nothing is copied.

    Shapes:
        tokens (B, h·w, D) -> (B, D, h, w), channels last in memory
    """
    return tokens.transpose(1, 2).unflatten(2, grid)


def to_tokens(features: Tensor) -> Tensor:
    """The inverse of `to_map`.

    Shapes:
        features (B, D, h, w) -> (B, h·w, D)
    """
    return features.flatten(2).transpose(1, 2)


def map_conv(
    inputs: int, outputs: int, kernel_size: int, stride: int, padding: int = 0
) -> nn.Conv2d:
    """A convolution over maps of `to_map`: its kernel lies in memory as they do.

    The numbers are those of an ordinary `nn.Conv2d`; torch only has no kernel to turn
    around on each call, which costs most where the map is small.

    Shapes:
        (B, inputs, H, W) -> (B, outputs, h, w)
    """
    conv = nn.Conv2d(inputs, outputs, kernel_size, stride, padding)
    kernel = conv.weight.data.contiguous(memory_format=torch.channels_last)
    conv.weight.data = kernel
    return conv


class SpatialReductionAttention(Recordable):
    """Multi-head attention whose keys and values come from a smaller map.

    A convolution whose stride is its kernel size joins each square of r × r tokens
    into one, and a norm follows. The linear form averages the map into `pool` × `pool`
    cells instead, however large it is, and mixes their channels.

    A map whose sides are no multiples of r is cut: the last h mod r rows and w mod r
    columns give no keys, although their tokens still ask. timm and transformers do so.

    Args:
        width: token width D; must be divisible by `heads`.
        heads: number of heads h; each has width Dh = D / h.
        reduction: r, the side of a square; 1 for ordinary attention.
        pool: cells on each side of the averaged map, in place of `reduction`; or None.
        qkv_bias: whether the projections of q, k and v have biases.
        norm_eps: ε of the norm after the reduction.
        fused: use torch's fused kernel; False takes the readable `attention`.

    Shapes:
        x (B, T, D) -> (B, T, D), with T = h·w of `grid` in raster order. Prefix tokens
        may stand in front if nothing is reduced.

    Raises:
        ValueError: if `width` is not divisible by `heads`, a number is below 1, x does
            not fit the grid, or the map is smaller than one square.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        reduction: int = 1,
        pool: int | None = None,
        qkv_bias: bool = True,
        norm_eps: float = 1e-5,
        fused: bool = True,
    ) -> None:
        super().__init__()
        if heads < 1 or width % heads != 0:
            raise ValueError(f"width {width} is not divisible by heads {heads}")
        check_reduction(reduction, pool)
        self.width = width
        self.heads = heads
        self.reduction = reduction
        self.fused = fused
        self.q = nn.Linear(width, width, bias=qkv_bias)
        self.kv = nn.Linear(width, 2 * width, bias=qkv_bias)
        self.proj = nn.Linear(width, width)
        self.pool = None if pool is None else nn.AdaptiveAvgPool2d(pool)
        self.sr: nn.Conv2d | None = None
        self.norm: nn.LayerNorm | None = None
        if pool is not None or reduction > 1:
            side = reduction if pool is None else 1
            self.sr = map_conv(width, width, side, stride=side)
            self.norm = nn.LayerNorm(width, eps=norm_eps)

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        self._check(x, grid)
        Dh = self.width // self.heads
        q = self.q(x).unflatten(-1, (self.heads, Dh)).transpose(1, 2)  # (B, h, T, Dh)
        kv = self.kv(self.reduce(x, grid)).unflatten(-1, (2, self.heads, Dh))
        k, v = kv.permute(2, 0, 3, 1, 4)  # each (B, h, Tk, Dh)
        if self.fused:
            out = F.scaled_dot_product_attention(q, k, v)
        else:
            out, _ = attention(q, k, v)  # (B, h, T, Dh)
        self.record(q, k, v)
        return self.proj(out.transpose(1, 2).flatten(2))  # (B, T, D)

    def reduce(self, x: Tensor, grid: Grid) -> Tensor:
        """The tokens that answer: all of them, or those of the smaller map.

        Shapes:
            x (B, h·w, D) -> (B, Tk, D) with Tk = ⌊h/r⌋ · ⌊w/r⌋, or pool²
        """
        if self.sr is None or self.norm is None:
            return x
        features = to_map(x, grid)  # (B, D, h, w)
        if self.pool is not None:
            features = self.pool(features)  # (B, D, pool, pool)
        keys = self.norm(to_tokens(self.sr(features)))  # (B, Tk, D)
        return keys if self.pool is None else F.gelu(keys)

    def _check(self, x: Tensor, grid: Grid) -> None:
        h, w = grid
        if x.ndim != 3 or x.shape[-1] != self.width:
            raise ValueError(
                f"expected tokens of shape (B, T, {self.width}), got {tuple(x.shape)}"
            )
        if self.sr is not None and x.shape[1] != h * w:
            raise ValueError(
                f"a grid of {h} × {w} needs {h * w} tokens to reduce, got {x.shape[1]}"
            )
        if self.pool is None:
            check_squares(grid, self.reduction)


@dataclass(frozen=True)
class FewKeysCost:
    """What one attention layer costs for one image, with Tq queries and Tk keys."""

    q: int  # multiply-adds of the q projection: Tq D²
    shrink: int  # of making the smaller map
    kv: int  # of the k and v projections: 2 Tk D²
    scores: int  # of q kᵀ: Tq Tk D
    mix: int  # of weights · v: Tq Tk D
    proj: int  # of the output projection: Tq D²
    score_entries: int  # numbers in the score tables of all heads: h Tq Tk

    @property
    def multiply_adds(self) -> int:
        """All matrix products and convolutions together."""
        return self.q + self.shrink + self.kv + self.scores + self.mix + self.proj


def few_keys_cost(
    queries: int, keys: int, width: int, heads: int, shrink: int
) -> FewKeysCost:
    """Count the work for Tq `queries` and Tk `keys`; `shrink` is passed through."""
    return FewKeysCost(
        q=queries * width**2,
        shrink=shrink,
        kv=2 * keys * width**2,
        scores=queries * keys * width,
        mix=queries * keys * width,
        proj=queries * width**2,
        score_entries=heads * queries * keys,
    )


def reduction_cost(
    grid: Grid,
    width: int,
    heads: int,
    reduction: int = 1,
    pool: int | None = None,
    prefix: int = 0,
) -> FewKeysCost:
    """Count the work of `SpatialReductionAttention` on one image.

    The convolution of the reduction reads each place once: Tk · (r² D) · D = h w D²
    multiply-adds. With r = 1 this is `attention_cost`: 4 T D² + 2 T² D.

    Args:
        grid: (h, w) of the map.
        width, heads, reduction, pool: as in `SpatialReductionAttention`.
        prefix: prefix tokens, which ask and answer too; only without reduction.

    Raises:
        ValueError: if a number is too small, the width does not divide, or prefix
            tokens meet a reduction.
    """
    check_reduction(reduction, pool)
    h, w = grid
    if min(h, w, width, heads) < 1 or prefix < 0 or width % heads:
        raise ValueError(
            "grid, width and heads must be at least 1, prefix at least 0, and width "
            f"divisible by heads; got {grid}, {width}, {heads} and {prefix}"
        )
    if pool is None and reduction == 1:
        tokens = prefix + h * w
        return few_keys_cost(tokens, tokens, width, heads, shrink=0)
    if prefix:
        raise ValueError(f"prefix tokens have no place in the map, got {prefix}")
    if pool is None:
        check_squares(grid, reduction)
        keys, square = (h // reduction) * (w // reduction), reduction**2
    else:
        keys, square = pool**2, 1
    shrink = keys * square * width**2
    return few_keys_cost(h * w, keys, width, heads, shrink)


def check_reduction(reduction: int, pool: int | None) -> None:
    """Raise a ValueError unless both are at least 1 and only one of them acts."""
    if reduction < 1 or (pool is not None and pool < 1):
        raise ValueError(
            f"reduction and pool must be at least 1, got {reduction} and {pool}"
        )
    if pool is not None and reduction > 1:
        raise ValueError(
            f"pool replaces the reduction: expected reduction 1, got {reduction}"
        )


def check_squares(grid: Grid, reduction: int) -> None:
    """Raise a ValueError if the map is smaller than one square of r × r."""
    if min(grid) < reduction:
        raise ValueError(
            f"a map of {grid[0]} × {grid[1]} places is smaller than one square of "
            f"reduction {reduction} × {reduction}"
        )
