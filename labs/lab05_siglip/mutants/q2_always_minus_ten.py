"""
question: q2
ko: >-
  배치의 크기와 상관없이 -10에서 시작했습니다. 그 값은 배치가 3만쯤일 때 어울립니다.
  작은 배치에서는 짝의 손실이 10이나 되고, 첫 스텝부터 편향을 위로 미는 힘이 걸립니다.
en: >-
  You always start at -10. That value fits batches of about 30 thousand. In a small
  batch each positive pair then costs 10, and from the first step on a force pushes the
  bias up.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F


class Start(NamedTuple):
    positive: float  # loss of the pair with its own text
    negative: float  # loss of a pair with one other text
    total: float  # loss of all N pairs
    slope: float  # derivative of the total with respect to the bias


def start_bias(batch_size: int) -> float:
    return -10.0


def at_start(batch_size: int, bias: float) -> Start:
    b = torch.tensor(bias, dtype=torch.float64)
    others = batch_size - 1
    positive, negative = F.softplus(-b), F.softplus(b)  # -log of the sigmoids
    slope = others * torch.sigmoid(b) - torch.sigmoid(-b)
    total = positive + others * negative
    return Start(*(x.item() for x in (positive, negative, total, slope)))
