"""
question: q2
ko: >-
  열에서 소프트맥스를 했습니다. 이미지를 밀어내는 것은 **글**들이므로, 이미지마다 곧
  행마다 몫의 합이 1이 되어야 합니다.
en: >-
  Your softmax runs along the columns. It is the **texts** that push an image away, so
  the shares have to sum to 1 for each image, that is in each row.
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
    return (of_images + of_texts) / 2


def negative_shares(logits):
    match = torch.eye(len(logits), dtype=torch.bool)
    return torch.softmax(logits.masked_fill(match, -math.inf), dim=0)
