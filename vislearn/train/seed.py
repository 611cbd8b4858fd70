"""One call that fixes every source of chance; one for a single source of its own."""

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
    _check(seed)
    random.seed(seed)
    np.random.seed(seed)  # libraries still read the global state
    torch.manual_seed(seed)
    return torch.Generator().manual_seed(seed)


def own_generator(seed: int, purpose: str) -> torch.Generator:
    """A torch generator for one purpose, unrelated to those of other purposes.

    Two generators with the same seed draw the same numbers: the order of the batches
    and the masks would go together. Here the name of the purpose is part of the seed.

    Args:
        seed: 0 <= seed < 2**32, as for `seed_everything`.
        purpose: any text; the same one gives the same numbers.

    Raises:
        ValueError: if the seed is no whole number or out of range.
    """
    _check(seed)
    words = [int(seed), *purpose.encode()]
    state = np.random.SeedSequence(words).generate_state(1)
    return torch.Generator().manual_seed(int(state[0]))


def _check(seed: int) -> None:
    if not isinstance(seed, Integral):
        raise ValueError(f"seed {seed!r}: expected a whole number")
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed {seed}: expected 0 <= seed < 2**32")
