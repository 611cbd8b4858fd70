"""
question: q2
"""

import math
from typing import NamedTuple


class Start(NamedTuple):
    positive: float
    negative: float
    total: float
    slope: float


def softplus(x):
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def sigmoid(x):
    return 1 / (1 + math.exp(-x)) if x > 0 else math.exp(x) / (1 + math.exp(x))


def start_bias(batch_size):
    """The logit of the share of positive pairs."""
    share = 1 / batch_size
    return math.log(share / (1 - share))


def at_start(batch_size, bias):
    positive, negative = softplus(-bias), softplus(bias)
    total = positive + (batch_size - 1) * negative
    return Start(positive, negative, total, batch_size * sigmoid(bias) - 1)
