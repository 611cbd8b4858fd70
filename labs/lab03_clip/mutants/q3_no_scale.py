"""
question: q3
ko: >-
  점수를 √D로 나누지 않았습니다. 내적은 너비가 커질수록 폭이 커지므로 소프트맥스가
  토큰 하나에 거의 모든 몫을 줍니다.
en: >-
  The scores are not divided by √D. The spread of a dot product grows with the width,
  so the softmax gives nearly everything to a single token and stops learning.
"""

import math

import torch


def causal_attention(q, k, v):
    L = q.shape[1]
    scores = q @ k.transpose(1, 2)
    visible = torch.ones(L, L, dtype=torch.bool).tril()
    weights = scores.masked_fill(~visible, -math.inf).softmax(dim=-1)
    return weights @ v


def read_text(x, ids):
    ends = ids.argmax(dim=1)
    return x[torch.arange(len(x)), ends]
