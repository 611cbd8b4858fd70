"""Judges of stochastic answers; they run in the grader's process."""

from __future__ import annotations

from typing import Any

import numpy as np


def is_random_mask(value: Any, _reference: Any) -> bool:
    """Four masks of 64 tokens, 48 of them hidden, no two masks equal."""
    masks = np.asarray(value)
    if masks.shape != (4, 64) or masks.dtype != bool:
        return False
    return bool((masks.sum(1) == 48).all()) and len(np.unique(masks, axis=0)) == 4
