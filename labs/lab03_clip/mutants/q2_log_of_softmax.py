"""
question: q2
ko: >-
  소프트맥스를 한 다음 로그를 취했습니다. 짝의 확률이 아주 작으면 float32에서 0으로
  깎이고, 0의 로그는 음의 무한대라서 손실이 무한대가 됩니다. `log_softmax`나
  `cross_entropy`를 쓰세요.
en: >-
  You take the logarithm of a softmax. A very small probability of the match is cut to
  0 in float32, whose logarithm is minus infinity, and the loss is infinite. Use
  `log_softmax` or `cross_entropy`.
"""

import math

import torch


def info_nce(logits):
    if logits.dtype == torch.float16:
        logits = logits.float()
    rows = -logits.softmax(dim=1).diag().log().mean()
    columns = -logits.softmax(dim=0).diag().log().mean()
    return (rows + columns) / 2


def negative_shares(logits):
    match = torch.eye(len(logits), dtype=torch.bool)
    return torch.softmax(logits.masked_fill(match, -math.inf), dim=1)
