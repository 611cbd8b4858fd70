"""
question: q2
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F


class Start(NamedTuple):
    positive: float
    negative: float
    total: float
    slope: float


def start_bias(batch_size):
    return math.log(1 / (batch_size - 1))


def at_start(batch_size, bias):
    """The slope by automatic differentiation."""
    b = torch.tensor(float(bias), dtype=torch.float64, requires_grad=True)
    labels = torch.full((batch_size,), -1.0, dtype=torch.float64)
    labels[0] = 1.0
    losses = -F.logsigmoid(labels * b)
    losses.sum().backward()
    total = losses.sum().item()
    return Start(losses[0].item(), losses[1].item(), total, b.grad.item())
