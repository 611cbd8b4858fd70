"""Attention rollout: which patches a token has heard from, through all blocks."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def attention_rollout(maps: Sequence[Tensor]) -> Tensor:
    """Multiply the attention of all blocks into one table (arXiv:2005.00928, eq. 1).

    A block adds what attention brings to what was there before, so each block's
    table becomes 0.5 A + 0.5 I, with A the mean over heads. The product over blocks
    says how much of token j is left in token i at the end, as far as attention alone
    can tell: the MLPs and the values themselves are not looked at.

    Args:
        maps: for each block, first to last, (B, h, T, T); the list that
            `vislearn.show.attention` collects.

    Returns:
        (B, T, T); every row sums to 1.

    Raises:
        ValueError: without maps, or when they do not have one shape (B, *, T, T).
    """
    if not maps:
        raise ValueError("there are no attention maps to roll out")
    shape = maps[0].shape
    for block, table in enumerate(maps):
        fits = table.ndim == 4 and table.shape[-1] == table.shape[-2] == shape[-1]
        if not fits or len(table) != len(maps[0]):
            raise ValueError(
                f"maps of block {block} have shape {tuple(table.shape)}, expected "
                f"(B, h, T, T) like block 0 with {tuple(shape)}"
            )
    same = torch.eye(shape[-1], dtype=maps[0].dtype, device=maps[0].device)
    rolled = same.expand(shape[0], -1, -1)
    for table in maps:
        rolled = (0.5 * table.mean(1) + 0.5 * same) @ rolled
    return rolled
