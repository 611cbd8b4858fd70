"""
question: q2
ko: >-
  지수를 먼저 취하고 나누었습니다. float32에서 e의 100제곱은 무한대이고, 무한대 나누기
  무한대는 NaN입니다. 가장 큰 로짓을 먼저 빼거나 `logsumexp`를 쓰세요.
en: >-
  You exponentiate first and divide then. In float32, e to the power of 100 is
  infinite, and infinity over infinity is NaN. Subtract the largest logit first, or
  use `logsumexp`.
"""

import math

import torch


def info_nce(logits):
    if logits.dtype == torch.float16:
        logits = logits.float()
    weights = logits.exp()
    rows = -(weights.diag() / weights.sum(dim=1)).log().mean()
    columns = -(weights.diag() / weights.sum(dim=0)).log().mean()
    return (rows + columns) / 2


def negative_shares(logits):
    match = torch.eye(len(logits), dtype=torch.bool)
    return torch.softmax(logits.masked_fill(match, -math.inf), dim=1)
