"""
question: q2
ko: >-
  -ln N에서 시작했습니다. 확률이 1/N이 되려면 e^b가 아니라 e^b / (1 + e^b)가 1/N이어야
  하므로 b = -ln(N - 1)입니다. N = 2이면 차이가 뚜렷합니다. 0이어야 합니다.
en: >-
  You start at -ln N. For a probability of 1/N, e^b / (1 + e^b) must be 1/N, not e^b
  itself, so b = -ln(N - 1). With N = 2 the difference is plain: it must be 0.
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
    return -math.log(batch_size)


def at_start(batch_size: int, bias: float) -> Start:
    b = torch.tensor(bias, dtype=torch.float64)
    others = batch_size - 1
    positive, negative = F.softplus(-b), F.softplus(b)  # -log of the sigmoids
    slope = others * torch.sigmoid(b) - torch.sigmoid(-b)
    total = positive + others * negative
    return Start(*(x.item() for x in (positive, negative, total, slope)))
