"""The learning rate over time: a short ramp up, then half a cosine down."""

from __future__ import annotations

import math


def cosine_schedule(
    step: int, *, steps: int, warmup: int = 0, floor: float = 0.0
) -> float:
    """Return the factor by which the peak learning rate is multiplied at `step`.

    Cosine decay is SGDR's curve without restarts (arXiv:1608.03983, equation 5);
    the linear warm-up before it follows arXiv:1706.02677, section 2.2.

    Args:
        step: 0 for the first update, `steps` - 1 for the last.
        steps: number of updates in all.
        warmup: number of updates over which the factor rises linearly to 1.
        floor: factor that the curve ends at (reached at `step` == `steps`).

    Raises:
        ValueError: if `steps` < 1, or `warmup` is not in [0, steps), or `floor`
            not in [0, 1].
    """
    if steps < 1:
        raise ValueError(f"steps={steps}: expected at least 1")
    if not 0 <= warmup < steps:
        raise ValueError(f"warmup={warmup}: expected 0 <= warmup < steps={steps}")
    if not 0 <= floor <= 1:
        raise ValueError(f"floor={floor}: expected a factor between 0 and 1")
    if step < warmup:
        return (step + 1) / warmup  # the first update must already move something
    progress = min(1.0, (step - warmup) / (steps - warmup))
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * progress))
