"""How much memory the score table of attention would take.

Plain attention writes one number for each pair of tokens and each head. Fused kernels
(arXiv:2205.14135) never write that table; this is what they save.
"""

from __future__ import annotations

import torch

from vislearn.layers.attention import attention_cost


def score_matrix_bytes(
    tokens: int, heads: int, batch: int = 1, dtype: torch.dtype = torch.float32
) -> int:
    """Bytes of the T × T tables of all heads, for one layer: B · h · T² numbers.

    Args:
        tokens: T, prefix tokens included.
        heads: h.
        batch: B.
        dtype: of the scores; decides the bytes for one number.

    Raises:
        ValueError: if a number is below 1.
    """
    if batch < 1:
        raise ValueError(f"batch must be at least 1, got {batch}")
    entries = attention_cost(tokens, width=heads, heads=heads).score_entries
    return batch * entries * dtype.itemsize
