"""
question: q2
ko: >-
  기울기에서 다른 쌍을 한 번만 셌습니다. 다른 쌍은 N - 1개이고 저마다 편향을 σ(b)만큼
  끌어내립니다.
en: >-
  The slope counts a single negative pair. There are N - 1 of them, and each pulls the
  bias down by σ(b), which makes the force large at the start.
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
    slope = torch.sigmoid(b) - torch.sigmoid(-b)
    total = positive + others * negative
    return Start(*(x.item() for x in (positive, negative, total, slope)))
