"""
question: q2
ko: >-
  편향의 부호가 거꾸로입니다. +ln(N - 1)에서 시작하면 모든 쌍을 짝이라고 믿고, N = 64일
  때 한 그림의 손실이 5 대신 261입니다. 짝은 드물므로 편향은 음수입니다.
en: >-
  The sign of the bias is the wrong way round. Starting at +ln(N - 1) the model believes
  that all pairs belong together; for N = 64 a picture costs 261 instead of 5. Positive
  pairs are rare, so the bias is negative.
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
    return math.log(batch_size - 1)


def at_start(batch_size: int, bias: float) -> Start:
    b = torch.tensor(bias, dtype=torch.float64)
    others = batch_size - 1
    positive, negative = F.softplus(-b), F.softplus(b)  # -log of the sigmoids
    slope = others * torch.sigmoid(b) - torch.sigmoid(-b)
    total = positive + others * negative
    return Start(*(x.item() for x in (positive, negative, total, slope)))
