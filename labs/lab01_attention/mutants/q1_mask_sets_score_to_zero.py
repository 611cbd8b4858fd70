"""
question: q1
ko: >-
  가려진 곳의 점수를 0으로 두었습니다. 그런데 exp(0) = 1이므로, 0은 '보지 않음'이
  아니라 '보통만큼 봄'입니다. 가려진 키가 여전히 가중치를 받습니다. exp가 0이 되는
  점수는 −∞입니다.
en: >-
  You set the hidden scores to 0. But exp(0) = 1, so 0 does not mean 'not seen', it
  means 'seen as usual': hidden keys still get weight. The score whose exponential is
  0 is −∞.
"""

import math

import torch


def attention(q, k, v, mask=None):
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, 0.0)
    weights = torch.softmax(scores, dim=-1)
    return weights @ v, weights
