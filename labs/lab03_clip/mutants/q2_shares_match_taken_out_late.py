"""
question: q2
ko: >-
  짝까지 넣어 소프트맥스를 한 다음 짝을 지우고 다시 나누었습니다. 짝의 로짓이 훨씬 크면
  나머지 확률이 모두 0으로 깎여 0 나누기 0이 됩니다. 짝은 소프트맥스를 하기 **전에**
  빼세요.
en: >-
  You take the softmax with the match, then erase the match and divide again. If the
  logit of the match is far larger, all other probabilities are cut to 0, and you get 0
  over 0. Take the match out **before** the softmax.
"""

import torch
import torch.nn.functional as F


def info_nce(logits):
    if logits.dtype == torch.float16:
        logits = logits.float()
    labels = torch.arange(len(logits))
    return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2


def negative_shares(logits):
    match = torch.eye(len(logits), dtype=torch.bool)
    shares = torch.softmax(logits, dim=1).masked_fill(match, 0)
    return shares / shares.sum(1, keepdim=True)
