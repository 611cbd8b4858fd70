"""
question: q2
ko: >-
  행렬 전체에서 소프트맥스를 한 번 했습니다. 이미지마다 글 B개 가운데 하나를 고르는
  문제가 B개 있는 것이지, B²개 가운데 하나를 고르는 문제가 아닙니다.
en: >-
  You take a single softmax over the whole matrix. Each image has a question of its
  own, with one right answer among B texts; there is no question with B² answers here.
"""

import math

import torch


def info_nce(logits):
    if logits.dtype == torch.float16:
        logits = logits.float()
    return (logits.flatten().logsumexp(dim=0) - logits.diag()).mean()


def negative_shares(logits):
    match = torch.eye(len(logits), dtype=torch.bool)
    return torch.softmax(logits.masked_fill(match, -math.inf), dim=1)
