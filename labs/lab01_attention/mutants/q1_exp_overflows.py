"""
question: q1
ko: >-
  최댓값을 빼지 않고 `exp`를 그대로 계산했습니다. `float32`에서는 점수가 89만 되어도
  무한대가 되고, 아주 작은 점수에서는 모두 0이 되어, 나누면 `nan`입니다. 한 행에서
  같은 수를 빼도 가중치는 그대로이니 행마다 최댓값을 먼저 빼세요. 보통 크기의
  입력에서는 드러나지 않는 버그입니다.
en: >-
  You take `exp` without subtracting the maximum. In `float32` a score of 89 is
  already infinity, and with very negative scores everything is 0; dividing gives
  `nan`. Subtracting the same number from a row changes no weight, so subtract the
  row's maximum first. Inputs of ordinary size do not show this bug.
"""

import math


def attention(q, k, v, mask=None):
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = scores.exp()
    weights = weights / weights.sum(dim=-1, keepdim=True)
    return weights @ v, weights
