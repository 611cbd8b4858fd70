"""
question: q1
ko: >-
  토큰의 수의 제곱근으로 나누었습니다(`k.shape[-2]`). 점수의 폭을 키우는 것은 토큰의
  수가 아니라 내적에서 더하는 곱의 수, 곧 마지막 축의 크기 Dh입니다.
en: >-
  You divide by the root of the number of tokens (`k.shape[-2]`). What widens the
  scores is not how many tokens there are but how many products a dot product adds:
  the size of the last axis, Dh.
"""

import math

import torch


def attention(q, k, v, mask=None):
    scores = q @ k.transpose(-2, -1) / math.sqrt(k.shape[-2])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = torch.softmax(scores, dim=-1)
    return weights @ v, weights
