"""Two ways to make the branches of a deep residual network easier to train.

Papers: LayerScale arXiv:2103.17239, section 2; stochastic depth arXiv:1603.09382.
Tested against: timm.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class LayerScale(nn.Module):
    """One learned factor for each channel of a branch, small at the start.

    With a start value such as 1e-5 every block begins as nearly the identity, and each
    channel earns its influence during training.

    Shapes:
        x (…, D) -> (…, D)
    """

    def __init__(self, width: int, start: float) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.full((width,), start))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gamma


class DropPath(nn.Module):
    """Leave out a whole residual branch, for some samples of the batch, while training.

    Each sample decides by itself; the kept ones are divided by the probability of being
    kept, so that the expected value does not change. In eval mode nothing happens.

    Args:
        rate: probability of dropping, 0 ≤ rate < 1.

    Shapes:
        x (B, …) -> (B, …)

    Raises:
        ValueError: if the rate is outside [0, 1).
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        if not 0.0 <= rate < 1.0:
            raise ValueError(f"drop_path must be in [0, 1), got {rate}")
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.rate == 0.0:
            return x
        keep = 1.0 - self.rate
        one_per_sample = (x.shape[0],) + (1,) * (x.ndim - 1)  # (B, 1, …)
        kept = x.new_empty(one_per_sample).bernoulli_(keep)
        return x * (kept / keep)

    def extra_repr(self) -> str:
        return f"rate={self.rate}"
