"""
question: q2
ko: >-
  정답이 늘 0번입니다. 그러면 모든 이미지가 배치의 첫 글을 고르도록 배웁니다. 정답은
  쌍마다 다르고 대각선에 있습니다.
en: >-
  The label is always 0, so that all images learn to choose the first text of the
  batch. Each pair has a label of its own, and the matches stand on the diagonal.
"""

import math

import torch
import torch.nn.functional as F


def info_nce(logits):
    if logits.dtype == torch.float16:
        logits = logits.float()
    labels = torch.zeros(len(logits), dtype=torch.long)
    of_images = F.cross_entropy(logits, labels)
    of_texts = F.cross_entropy(logits.T, labels)
    return (of_images + of_texts) / 2


def negative_shares(logits):
    match = torch.eye(len(logits), dtype=torch.bool)
    return torch.softmax(logits.masked_fill(match, -math.inf), dim=1)
