"""
question: q1
ko: >-
  √Dh가 아니라 Dh로 나누었습니다. 그러면 점수가 너무 작아져서 가중치가 모두
  비슷해지고, 너비가 클수록 어텐션이 단순한 평균에 가까워집니다. 독립인 곱 Dh개를
  더하면 분산이 Dh배, 표준편차가 √Dh배이므로 √Dh로 나눕니다.
en: >-
  You divide by Dh, not by √Dh. The scores become so small that all weights look
  alike, and the wider the head, the closer attention comes to a plain mean. A sum of
  Dh independent products has Dh times the variance and √Dh times the standard
  deviation: divide by √Dh.
"""

import math

import torch


def attention(q, k, v, mask=None):
    scores = q @ k.transpose(-2, -1) / q.shape[-1]
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = torch.softmax(scores, dim=-1)
    return weights @ v, weights
