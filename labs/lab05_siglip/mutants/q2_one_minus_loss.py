"""
question: q2
ko: >-
  다른 쌍의 손실을 1에서 짝의 손실을 빼서 구했습니다. 확률은 1 - σ(b)이지만 손실은 그
  로그입니다. -log(1 - σ(b)) = softplus(b)입니다.
en: >-
  You compute the negative loss as 1 minus the positive one. The probability is 1 -
  σ(b), but the loss is its logarithm: -log(1 - σ(b)) = softplus(b).
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
    positive, negative = F.softplus(-b), 1 - F.softplus(-b)  # -log of the sigmoids
    slope = others * torch.sigmoid(b) - torch.sigmoid(-b)
    total = positive + others * negative
    return Start(*(x.item() for x in (positive, negative, total, slope)))
