"""Rotary position embedding (RoPE) in two dimensions: turn, do not add.

Papers: RoFormer, arXiv:2104.09864, section 3.2 (rotation, one dimension); the axial
form for images in EVA-02 arXiv:2303.11331, Qwen2-VL arXiv:2409.12191 and DINOv3
arXiv:2508.10104. A head's channels are taken in pairs, each pair is a point in the
plane, and each point is turned about the origin by an angle that grows with the
position. A query turned by a and a key turned by b have the dot product of a query
and a key that are turned against each other by b − a: only the offset counts. The
row turns one half of the pairs, the column the other half. Prefix tokens have no place
and are not turned.

Kept: the conventions of the three papers, which differ in where the patches are said
to be, how fast they turn and which channels make a pair (`RopeStyle`). Left out: the
random shifts and scales of the coordinates that DINOv3 trains with, and frequencies
that are learned. Tested against: timm's and transformers' modules, and timm's Eva
whole (tests/parity).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

COORDINATES = ("index", "scaled", "centred")
PAIRS = ("neighbours", "halves")


@dataclass(frozen=True)
class RopeStyle:
    """One paper's convention. The three that the course meets stand below."""

    coordinates: str  # "index", "scaled" or "centred"; see `places`
    theta: float  # θ: the slowest pair is nearly θ times slower than the fastest
    turns: float  # radians by which the fastest pair turns per unit of the coordinate
    pairs: str  # "neighbours": channels 2i, 2i + 1; "halves": i, i + Dh / 2
    reference: int | None = None  # side of the grid that "scaled" maps every grid to

    def __post_init__(self) -> None:
        if self.coordinates not in COORDINATES:
            raise ValueError(
                f"coordinates must be one of {', '.join(COORDINATES)}, "
                f"got {self.coordinates!r}"
            )
        if self.pairs not in PAIRS:
            raise ValueError(
                f"pairs must be one of {', '.join(PAIRS)}, got {self.pairs!r}"
            )
        if self.theta <= 0:
            raise ValueError(f"theta must be positive, got {self.theta}")
        if (self.coordinates == "scaled") != (self.reference is not None):
            raise ValueError(
                "coordinates 'scaled' needs a reference grid, and no other kind does; "
                f"got {self.coordinates!r} with reference {self.reference}"
            )


EVA02 = RopeStyle("scaled", 10_000.0, 1.0, "neighbours", reference=16)
QWEN2_VL = RopeStyle("index", 10_000.0, 1.0, "halves")
DINOV3 = RopeStyle("centred", 100.0, 2 * math.pi, "halves")  # angle 2π x / period


class Rotation(NamedTuple):
    """The turns of N places, ready to be applied to queries and keys.

    Shapes:
        cos, sin (…, N, Dh / 2): one angle for each place and pair of channels
    """

    cos: Tensor
    sin: Tensor
    pairs: str

    def __call__(self, x: Tensor) -> Tensor:
        """Turn the last N tokens of x; the R before them are prefix tokens.

        Shapes:
            x (B, h, R + N, Dh) -> the same, in the dtype of x

        Raises:
            ValueError: if x has fewer than N tokens, or heads of another width.
        """
        N = self.cos.shape[-2]
        if x.shape[-2] < N or x.shape[-1] != 2 * self.cos.shape[-1]:
            raise ValueError(
                f"this rotation turns {N} tokens of head width "
                f"{2 * self.cos.shape[-1]}, got {x.shape[-2]} of {x.shape[-1]}"
            )
        R = x.shape[-2] - N
        turned = rotate(x[..., R:, :], self.cos, self.sin, self.pairs).to(x.dtype)
        return turned if R == 0 else torch.cat([x[..., :R, :], turned], dim=-2)


def rotation(
    grid: tuple[int, int],
    head_width: int,
    style: RopeStyle = DINOV3,
    device: torch.device | str | None = None,
    dtype: torch.dtype = torch.float32,
) -> Rotation:
    """The rotation of a grid of h × w patches in raster order.

    Nothing is learned and nothing is stored, so another resolution needs no change of
    weights: a new grid gives new angles.

    Args:
        grid: rows and columns (h, w).
        head_width: Dh, divisible by 4: row and column, each with pairs of channels.
        style: the paper's convention.
        device: where the angles shall lie.
        dtype: of the angles; below float32 they are computed in float32.

    Raises:
        ValueError: if Dh is not divisible by 4.
    """
    dtype = torch.promote_types(dtype, torch.float32)
    where = places(grid, style, device, dtype)  # (N, 2)
    return rotation_at(where, head_width, style)


def rotation_at(where: Tensor, head_width: int, style: RopeStyle) -> Rotation:
    """The rotation of tokens at any places, in any order.

    Shapes:
        where (…, N, 2): row and column of each token

    Raises:
        ValueError: if Dh is not divisible by 4.
    """
    angles = axial_angles(where, head_width, style)
    return Rotation(angles.cos(), angles.sin(), style.pairs)


def places(
    grid: tuple[int, int],
    style: RopeStyle,
    device: torch.device | str | None = None,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Row and column of each patch, in the units of the style.

    - index: 0, 1, 2, …, whatever the size of the grid (Qwen2-VL)
    - scaled: the index times reference / side, so that a larger grid lies *between*
      the places of the grid of pre-training (EVA-02)
    - centred: the middles of the patches when each side runs from −1 to 1 (DINOv3)

    Shapes:
        returns (h·w, 2), raster order
    """
    axes = []
    for side in grid:
        index = torch.arange(side, device=device, dtype=dtype)
        if style.coordinates == "scaled":
            assert style.reference is not None
            index = index / side * style.reference
        elif style.coordinates == "centred":
            index = 2 * (index + 0.5) / side - 1
        axes.append(index)
    rows, columns = torch.meshgrid(*axes, indexing="ij")  # each (h, w)
    return torch.stack([rows.flatten(), columns.flatten()], dim=1)


def axial_angles(where: Tensor, head_width: int, style: RopeStyle) -> Tensor:
    """By how much each pair of channels turns at each place.

    Pair k of an axis turns `turns` · θ^(−k / (Dh/4)) radians per unit of its
    coordinate: the first pairs turn fast and tell neighbours apart, the last ones turn
    slowly and tell one end of the image from the other.

    Shapes:
        where (…, N, 2) -> (…, N, Dh / 2): the row's Dh / 4 angles, then the column's

    Raises:
        ValueError: if Dh is not divisible by 4.
    """
    check_head_width(head_width)
    pairs = head_width // 4  # of each axis
    steps = torch.arange(pairs, device=where.device, dtype=where.dtype)
    frequency = style.turns * style.theta ** (-steps / pairs)  # (Dh / 4,)
    return (where[..., None] * frequency).flatten(-2)  # (…, N, 2 · Dh / 4)


def rotate(x: Tensor, cos: Tensor, sin: Tensor, pairs: str) -> Tensor:
    """Turn each pair of channels (a, b) to (a cos − b sin, b cos + a sin).

    Shapes:
        x (…, N, Dh), cos and sin (…, N, Dh / 2) -> (…, N, Dh)
    """
    if pairs == "halves":
        a, b = x.chunk(2, dim=-1)  # each (…, N, Dh / 2)
        return torch.cat([a * cos - b * sin, b * cos + a * sin], dim=-1)
    a, b = x[..., 0::2], x[..., 1::2]  # each (…, N, Dh / 2)
    return torch.stack([a * cos - b * sin, b * cos + a * sin], dim=-1).flatten(-2)


def check_head_width(head_width: int) -> None:
    """Raise a ValueError unless Dh holds pairs for both axes."""
    if head_width < 4 or head_width % 4:
        raise ValueError(
            f"2-D RoPE needs a head width divisible by 4, got {head_width}"
        )
