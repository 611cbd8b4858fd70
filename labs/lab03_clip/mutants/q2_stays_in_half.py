"""
question: q2
ko: >-
  float16 로짓의 손실을 float16으로 계산했습니다. float16은 유효 숫자가 3자리쯤이라
  학습 끝의 작은 손실이 거칠게 깎입니다. 먼저 float32로 바꾸세요.
en: >-
  The loss of logits in float16 is computed in float16. That type has about 3 digits,
  which is too coarse for the small losses at the end of training. Turn them into
  float32 first.
"""

import math

import torch
import torch.nn.functional as F


def info_nce(logits):
    labels = torch.arange(len(logits))
    of_images = F.cross_entropy(logits, labels)
    of_texts = F.cross_entropy(logits.T, labels)
    return (of_images + of_texts) / 2


def negative_shares(logits):
    match = torch.eye(len(logits), dtype=torch.bool)
    return torch.softmax(logits.masked_fill(match, -math.inf), dim=1)
