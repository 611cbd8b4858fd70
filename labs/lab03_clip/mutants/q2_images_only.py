"""
question: q2
ko: >-
  한 방향만 계산했습니다. 이미지가 글을 고르는 손실뿐이라, 글이 이미지를 고르는 쪽은
  배우지 않습니다. 둘째 교차 엔트로피에는 **전치한** 로짓이 들어가야 합니다.
en: >-
  You compute a single direction: images choose texts, and nothing teaches texts to
  choose images. The second cross-entropy has to take the **transposed** logits, not
  the same ones again.
"""

import math

import torch
import torch.nn.functional as F


def info_nce(logits):
    if logits.dtype == torch.float16:
        logits = logits.float()
    labels = torch.arange(len(logits))
    of_images = F.cross_entropy(logits, labels)
    return of_images


def negative_shares(logits):
    match = torch.eye(len(logits), dtype=torch.bool)
    return torch.softmax(logits.masked_fill(match, -math.inf), dim=1)
