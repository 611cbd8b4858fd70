"""
question: q2
ko: >-
  짝이 아닌 글을 N개로 셌습니다. 글 N개 가운데 하나는 자기 짝이므로 N - 1개입니다.
  손실과 기울기가 모두 조금씩 커집니다.
en: >-
  You count N negative texts. One of the N texts is the picture's own, so N - 1 remain.
  Otherwise both the loss and the slope come out a little too large.
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
    others = batch_size
    positive, negative = F.softplus(-b), F.softplus(b)  # -log of the sigmoids
    slope = others * torch.sigmoid(b) - torch.sigmoid(-b)
    total = positive + others * negative
    return Start(*(x.item() for x in (positive, negative, total, slope)))
