"""One call that fixes every source of chance a chapter uses."""

from __future__ import annotations

import random
from numbers import Integral

import numpy as np
import torch


def seed_everything(seed: int) -> torch.Generator:
    """Seed Python, numpy and torch, and return a fresh torch generator.

    The same seed gives the same run on the same machine with the same number of
    threads. On another processor sums are rounded in another order, so training
    curves agree in shape, not in every digit.

    Args:
        seed: 0 <= seed < 2**32 (numpy's limit).

    Raises:
        ValueError: if the seed is no whole number or out of range.
    """
    if not isinstance(seed, Integral):
        raise ValueError(f"seed {seed!r}: expected a whole number")
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed {seed}: expected 0 <= seed < 2**32")
    random.seed(seed)
    np.random.seed(seed)  # libraries still read the global state
    torch.manual_seed(seed)
    return torch.Generator().manual_seed(seed)
