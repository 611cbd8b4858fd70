"""
question: q2
ko: >-
  두 방향을 더하기만 하고 2로 나누지 않았습니다. 손실이 2배이면 기울기도 2배라서, 같은
  학습률이 다른 뜻을 가집니다.
en: >-
  The directions are added but not divided by 2. A loss that is twice as large has
  gradients that are twice as large, so the same learning rate means something else.
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
    return of_images + of_texts


def negative_shares(logits):
    match = torch.eye(len(logits), dtype=torch.bool)
    return torch.softmax(logits.masked_fill(match, -math.inf), dim=1)
