"""
question: q2
ko: >-
  기울기의 시그모이드를 `exp(b) / (1 + exp(b))`로 썼습니다. b가 크면 무한대 나누기
  무한대가 되어 NaN이 나옵니다. 손실만 안전하게 해서는 모자랍니다. `torch.sigmoid`를
  쓰세요.
en: >-
  You write the sigmoid of the slope as `exp(b) / (1 + exp(b))`. For a large b that is
  infinity over infinity, which is NaN. Making the loss safe is not enough; use
  `torch.sigmoid` for the slope.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F


class Start(NamedTuple):
    positive: float
    negative: float
    total: float
    slope: float


def start_bias(batch_size):
    return -math.log(batch_size - 1)


def at_start(batch_size, bias):
    b = torch.tensor(float(bias), dtype=torch.float64)
    positive, negative = F.softplus(-b).item(), F.softplus(b).item()
    up, down = b.exp() / (1 + b.exp()), (-b).exp() / (1 + (-b).exp())
    slope = ((batch_size - 1) * up - down).item()
    return Start(positive, negative, positive + (batch_size - 1) * negative, slope)
