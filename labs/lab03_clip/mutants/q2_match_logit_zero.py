"""
question: q2
ko: >-
  짝의 로짓을 0으로 바꾸었습니다. 0의 지수는 1이므로 짝이 여전히 몫을 가집니다.
  소프트맥스에서 사라지는 것은 음의 무한대뿐입니다.
en: >-
  The logit of the match was replaced by 0. The exponential of 0 is 1, so the match
  still has a share. Only minus infinity disappears from a softmax altogether.
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
    return torch.softmax(logits.masked_fill(match, 0.0), dim=1)
