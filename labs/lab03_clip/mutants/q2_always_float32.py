"""
question: q2
ko: >-
  자료형을 가리지 않고 모두 float32로 바꾸었습니다. float16은 더 정확해지지만 float64는
  오히려 자릿수를 잃습니다. float16일 때만 바꾸세요.
en: >-
  You turn logits of every type into float32. That makes float16 more exact, but float64
  loses half of its digits. Convert float16 and leave the other types as they are.
"""

import math

import torch
import torch.nn.functional as F


def info_nce(logits):
    logits = logits.float()
    labels = torch.arange(len(logits))
    return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2


def negative_shares(logits):
    match = torch.eye(len(logits), dtype=torch.bool)
    return torch.softmax(logits.masked_fill(match, -math.inf), dim=1)
