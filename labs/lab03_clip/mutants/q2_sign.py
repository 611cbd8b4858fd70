"""
question: q2
ko: >-
  부호가 바뀌었습니다. 교차 엔트로피는 로그 확률의 **음수**입니다. 이대로 줄이면 짝의
  확률을 0으로 만드는 학습이 됩니다.
en: >-
  The sign is wrong. A cross-entropy is **minus** the logarithm of a probability. If
  you make this number small, you train the probability of the match towards 0.
"""

import math

import torch
import torch.nn.functional as F


def info_nce(logits):
    if logits.dtype == torch.float16:
        logits = logits.float()
    labels = torch.arange(len(logits))
    of_images = F.cross_entropy(logits, labels)
    of_texts = F.cross_entropy(logits.T, labels)
    return -(of_images + of_texts) / 2


def negative_shares(logits):
    match = torch.eye(len(logits), dtype=torch.bool)
    return torch.softmax(logits.masked_fill(match, -math.inf), dim=1)
