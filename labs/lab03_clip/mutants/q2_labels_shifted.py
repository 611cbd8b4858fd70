"""
question: q2
ko: >-
  정답의 번호가 한 칸 밀렸습니다. 쌍 i는 (i, i)에 있으므로 정답은 0, 1, 2, …입니다.
  이대로면 모델은 이미지를 옆 사람의 설명에 끌어당깁니다.
en: >-
  The labels are shifted by one. Pair i stands at (i, i), so the labels are 0, 1, 2
  and so on. As it is, each image is pulled towards the caption of its neighbour.
"""

import math

import torch
import torch.nn.functional as F


def info_nce(logits):
    if logits.dtype == torch.float16:
        logits = logits.float()
    labels = (torch.arange(len(logits)) + 1) % len(logits)
    of_images = F.cross_entropy(logits, labels)
    of_texts = F.cross_entropy(logits.T, labels)
    return (of_images + of_texts) / 2


def negative_shares(logits):
    match = torch.eye(len(logits), dtype=torch.bool)
    return torch.softmax(logits.masked_fill(match, -math.inf), dim=1)
