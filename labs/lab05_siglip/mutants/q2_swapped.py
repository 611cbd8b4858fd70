"""
question: q2
ko: >-
  짝과 다른 쌍의 손실이 바뀌었습니다. 짝은 로짓이 클수록 손실이 작으므로 -log σ(b) =
  softplus(-b)입니다.
en: >-
  The losses of positive and negative pairs are swapped. A positive pair costs less the
  larger its logit is, so its loss is -log σ(b) = softplus(-b).
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
    positive, negative = F.softplus(b), F.softplus(-b)  # -log of the sigmoids
    slope = others * torch.sigmoid(b) - torch.sigmoid(-b)
    total = positive + others * negative
    return Start(*(x.item() for x in (positive, negative, total, slope)))
