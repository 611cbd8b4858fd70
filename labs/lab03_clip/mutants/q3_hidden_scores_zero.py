"""
question: q3
ko: >-
  가릴 점수를 0으로 만들었습니다. 0의 지수는 1이므로 뒤의 토큰도 몫을 가집니다.
  소프트맥스에서 정확히 0이 되는 것은 음의 무한대입니다.
en: >-
  The scores to be hidden were set to 0. The exponential of 0 is 1, so later tokens
  still have a share. What becomes exactly 0 in a softmax is minus infinity.
"""

import math

import torch


def causal_attention(q, k, v):
    L, D = q.shape[1:]
    scores = q @ k.transpose(1, 2) / math.sqrt(D)
    visible = torch.ones(L, L, dtype=torch.bool).tril()
    weights = scores.masked_fill(~visible, 0.0).softmax(dim=-1)
    return weights @ v


def read_text(x, ids):
    ends = ids.argmax(dim=1)
    return x[torch.arange(len(x)), ends]
