"""
question: q2
ko: >-
  `fill_diagonal_`이 받은 로짓의 대각선을 음의 무한대로 바꾸었습니다. 몫은 맞지만, 같은
  로짓으로 손실을 구하면 짝의 로짓이 없어져 손실이 무한대가 됩니다. 사본에 하거나
  `masked_fill`을 쓰세요.
en: >-
  `fill_diagonal_` puts minus infinity into the logits that you were given. The shares
  are right, but the matches are gone, and a loss computed from the same logits is
  infinite. Work on a copy, or use `masked_fill`.
"""

import math

import torch
import torch.nn.functional as F


def info_nce(logits):
    if logits.dtype == torch.float16:
        logits = logits.float()
    labels = torch.arange(len(logits))
    return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2


def negative_shares(logits):
    logits.fill_diagonal_(-math.inf)
    return torch.softmax(logits, dim=1)
