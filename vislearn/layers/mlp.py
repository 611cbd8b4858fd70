"""The part of a block that works on each token by itself.

Papers: GELU arXiv:1606.08415; the block's MLP arXiv:2010.11929, section 3.1; gated
linear units arXiv:2002.05202 (SwiGLU, equation 6). Tested against: timm.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class QuickGELU(nn.Module):
    """x · σ(1.702 x): the approximation of GELU that the released CLIP models use."""

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(1.702 * x)


def activation(name: str) -> nn.Module:
    """The activation of that name.

    "gelu" is exact (x · Φ(x), by the error function), "gelu_tanh" its approximation by
    a tanh, "quick_gelu" CLIP's. Weights that were trained with one give visibly
    different features with another.

    Raises:
        ValueError: if the name is none of these.
    """
    if name == "gelu":
        return nn.GELU()
    if name == "gelu_tanh":
        return nn.GELU(approximate="tanh")
    if name == "quick_gelu":
        return QuickGELU()
    raise ValueError(f"act must be 'gelu', 'gelu_tanh' or 'quick_gelu', got {name!r}")


class Mlp(nn.Module):
    """Widen, bend, narrow: two linear layers with an activation between.

    Shapes:
        x (…, D) -> (…, D), with F = `hidden` numbers in between
    """

    def __init__(self, width: int, hidden: int, act: str = "gelu") -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.act = activation(act)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(self.act(self.fc1(x)))


class SwiGLU(nn.Module):
    """An MLP in which one half opens and closes the other (arXiv:2002.05202, eq. 6).

    fc2(SiLU(gate) · up), with gate and up computed by one packed linear layer: the
    first F outputs of `fc1` are the gate, the last F the values (DINOv2's giant).

    Shapes:
        x (…, D) -> (…, D), with F = `hidden` gates and as many values in between
    """

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, 2 * hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        gate, up = self.fc1(x).chunk(2, dim=-1)  # each (…, F)
        return self.fc2(F.silu(gate) * up)
