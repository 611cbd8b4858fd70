"""
question: q2
ko: >-
  그림 한 장의 손실을 N으로 나누었습니다. 시그모이드 손실은 N²쌍의 합을 N으로 나눈
  것이므로, 그림 한 장의 몫은 N쌍의 합 그대로입니다.
en: >-
  You divide the loss of one picture by N. The sigmoid loss divides the sum over N²
  pairs by N, so the share of one picture is the plain sum over its N pairs.
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
    slope = others * torch.sigmoid(b) - torch.sigmoid(-b)
    total = (positive + others * negative) / batch_size
    return Start(*(x.item() for x in (positive, negative, total, slope)))
