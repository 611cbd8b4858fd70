"""
question: q2
ko: >-
  열에서만 소프트맥스를 했습니다. 글이 이미지를 고르는 방향뿐입니다. 행에서 이미지가
  글을 고르는 손실을 더해 평균하세요.
en: >-
  Your softmax runs over the columns only: texts choose images, and that is all. Add
  the loss of the rows, in which images choose texts, and average both of them.
"""

import math

import torch
import torch.nn.functional as F


def info_nce(logits):
    if logits.dtype == torch.float16:
        logits = logits.float()
    labels = torch.arange(len(logits))
    of_texts = F.cross_entropy(logits.T, labels)
    return of_texts


def negative_shares(logits):
    match = torch.eye(len(logits), dtype=torch.bool)
    return torch.softmax(logits.masked_fill(match, -math.inf), dim=1)
