"""Directions compared: what zero-shot classification and retrieval have in common.

Only the direction of an embedding counts, so everything here normalises what it is
given. Cosines that differ by less than `TIE` are the same: float32 rounds them at about
1e-7, and equal texts must not win or lose by the order in which they were summed up.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

TIE = 1e-6


def directions(x: Tensor, what: str) -> Tensor:
    """Rows of length 1 in float32 at least; a row of zeros stays zero.

    Args:
        x: embeddings.
        what: their name in error messages, such as "image embeddings".

    Shapes:
        x (M, E) -> (M, E)

    Raises:
        ValueError: if x is not (M, E) with at least one row, or not finite.
    """
    if x.ndim != 2 or 0 in x.shape or not x.is_floating_point():
        raise ValueError(
            f"{what} must be floats (M, E), at least one of them, "
            f"got {tuple(x.shape)} {x.dtype}"
        )
    # Two NaN are neither larger nor smaller than each other: they would look right.
    if not bool(torch.isfinite(x).all()):
        raise ValueError(f"{what} are not all finite")
    wide = x.detach().to(torch.promote_types(x.dtype, torch.float32))
    # The squares of very large or small numbers do not fit into float32.
    most = wide.abs().amax(dim=-1, keepdim=True)
    extreme = (most > 1e15) | (most < 1e-9) & (most > 0)
    return F.normalize(torch.where(extreme, wide / most, wide), dim=-1)


def check_width(x: Tensor, other: Tensor) -> None:
    """Raise a ValueError unless two sets of embeddings live in one space."""
    if x.shape[1] != other.shape[1]:
        raise ValueError(
            f"embeddings of width {x.shape[1]} and {other.shape[1]} cannot be compared"
        )
