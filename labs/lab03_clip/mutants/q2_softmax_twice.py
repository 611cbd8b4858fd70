"""
question: q2
ko: >-
  `cross_entropy`에 확률을 넣었습니다. 그 안에 소프트맥스가 이미 있으므로 두 번 한
  것입니다. 확률은 0과 1 사이라 손실이 바닥까지 내려가지 못하고 기울기도 작아집니다.
en: >-
  You pass probabilities to `cross_entropy`, which contains a softmax already, so it
  is taken twice. As probabilities lie between 0 and 1, the loss cannot get near 0 and
  gradients are small.
"""

import math

import torch
import torch.nn.functional as F


def info_nce(logits):
    if logits.dtype == torch.float16:
        logits = logits.float()
    labels = torch.arange(len(logits))
    of_images = F.cross_entropy(logits.softmax(dim=1), labels)
    of_texts = F.cross_entropy(logits.T.softmax(dim=1), labels)
    return (of_images + of_texts) / 2


def negative_shares(logits):
    match = torch.eye(len(logits), dtype=torch.bool)
    return torch.softmax(logits.masked_fill(match, -math.inf), dim=1)
