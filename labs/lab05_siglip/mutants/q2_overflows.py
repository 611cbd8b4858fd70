"""
question: q2
ko: >-
  log(1 + e^b)를 그대로 계산했습니다. b가 1000이면 e^b가 무한대가 됩니다. `F.softplus`는
  큰 쪽을 빼고 계산해서 1000을 돌려줍니다.
en: >-
  You compute log(1 + e^b) as it stands. For b = 1000 the power e^b is infinite.
  `F.softplus` takes the large part out first and returns 1000.
"""

import math
from typing import NamedTuple

import torch


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
    positive, negative = torch.log(1 + torch.exp(-b)), torch.log(1 + torch.exp(b))
    slope = others * torch.sigmoid(b) - torch.sigmoid(-b)
    total = positive + others * negative
    return Start(*(x.item() for x in (positive, negative, total, slope)))
