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


def hides_a_quarter(values: dict[str, list[Any]]) -> bool:
    """Whether the masks keep what they should hide."""
    masks = np.asarray(values["mask"][0])
    return masks.shape == (4, 64) and bool((masks.sum(1) == 16).all())
