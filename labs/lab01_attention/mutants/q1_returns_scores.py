"""
question: q1
ko: >-
  출력은 맞지만, 둘째로 돌려준 것이 가중치가 아니라 소프트맥스 전의 점수입니다.
  점수에는 음수도 있고 행의 합이 1도 아니어서, 그대로 그리면 어텐션 맵로 읽을 수
  없습니다.
en: >-
  The output is right, but the second thing you return is the scores before the
  softmax, not the weights. Scores can be negative and their rows do not sum to 1, so
  a picture of them cannot be read as an attention map.
"""

import math

import torch


def attention(q, k, v, mask=None):
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = torch.softmax(scores, dim=-1)
    return weights @ v, scores
