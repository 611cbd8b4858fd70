"""
question: q1
ko: >-
  소프트맥스를 한 **다음에** 가렸습니다. 가려진 키도 이미 예산을 나누어 가졌기 때문에
  남은 가중치의 합이 1보다 작고, 출력이 0 쪽으로 줄어듭니다. 점수를 먼저 −∞로 바꾸고
  소프트맥스를 해야 합니다.
en: >-
  You mask **after** the softmax. The hidden keys have already taken their share of
  the budget, so the remaining weights sum to less than 1 and the output shrinks
  towards 0. Set the scores to −∞ first, then take the softmax.
"""

import math

import torch


def attention(q, k, v, mask=None):
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    weights = torch.softmax(scores, dim=-1)
    if mask is not None:
        weights = weights * mask
    return weights @ v, weights
