"""
question: q2
ko: >-
  기울기의 부호가 거꾸로입니다. 기울기는 손실이 커지는 쪽을 가리킵니다. b = 0에서는
  편향을 올리면 손실이 커지므로 양수여야 합니다.
en: >-
  The slope has the wrong sign. It points to where the loss grows. At b = 0 raising the
  bias makes the loss larger, so the slope must be positive there.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F


class Start(NamedTuple):
    positive: float  # loss of the pair with its own text
    negative: float  # loss of a pair with one other text
    total: float  # loss of all N pairs
    slope: float  # derivative of the total with respect to the bias


def start_bias(batch_size: int) -> float:
    return -math.log(batch_size - 1)


def at_start(batch_size: int, bias: float) -> Start:
    b = torch.tensor(bias, dtype=torch.float64)
    others = batch_size - 1
    positive, negative = F.softplus(-b), F.softplus(b)  # -log of the sigmoids
    slope = torch.sigmoid(-b) - others * torch.sigmoid(b)
    total = positive + others * negative
    return Start(*(x.item() for x in (positive, negative, total, slope)))
