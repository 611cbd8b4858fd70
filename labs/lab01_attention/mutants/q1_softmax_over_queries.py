"""
question: q1
ko: >-
  소프트맥스를 질의 축(`dim=-2`)에서 했습니다. 그러면 각 열의 합이 1이 되어, 키 하나가
  질의들에게 나뉘어 팔립니다. 출력은 더는 값들의 평균이 아니어서 크기가
  제멋대로입니다. 예산 1을 쓰는 것은 질의이므로 마지막 축(키)에서 합이 1이어야 합니다.
en: >-
  Your softmax runs over the queries (`dim=-2`). Each column then sums to 1, as if
  every key were shared out among the queries, and the output is no longer an average
  of the values: its size is arbitrary. It is the query that spends a budget of 1, so
  the sum must be 1 along the last axis, the keys.
"""

import math

import torch


def attention(q, k, v, mask=None):
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = torch.softmax(scores, dim=-2)
    return weights @ v, weights
