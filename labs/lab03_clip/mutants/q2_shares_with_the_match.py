"""
question: q2
ko: >-
  짝까지 넣어 소프트맥스를 한 다음 대각선을 0으로 만들었습니다. 그러면 남은 몫의 합이
  1이 아니라 짝이 차지한 만큼 모자랍니다. 소프트맥스를 하기 **전에** 짝을 빼세요.
en: >-
  The softmax includes the match, and the diagonal is set to 0 afterwards. What is
  left does not sum to 1: the part of the match is missing. Take it out **before** the
  softmax.
"""

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
    return torch.softmax(logits, dim=1).masked_fill(match, 0.0)
