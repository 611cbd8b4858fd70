"""
question: q2
ko: >-
  짝의 비율을 1/N²로 보았습니다. 쌍은 N²개이지만 짝도 N개이므로 비율은 N/N² = 1/N입니다.
  그래서 b = -ln(N - 1)입니다.
en: >-
  You took the share of positive pairs as 1/N². There are N² pairs, but N of them are
  positive, so the share is N/N² = 1/N, and b = -ln(N - 1).
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
    return -math.log(batch_size**2 - 1)


def at_start(batch_size: int, bias: float) -> Start:
    b = torch.tensor(bias, dtype=torch.float64)
    others = batch_size - 1
    positive, negative = F.softplus(-b), F.softplus(b)  # -log of the sigmoids
    slope = others * torch.sigmoid(b) - torch.sigmoid(-b)
    total = positive + others * negative
    return Start(*(x.item() for x in (positive, negative, total, slope)))
