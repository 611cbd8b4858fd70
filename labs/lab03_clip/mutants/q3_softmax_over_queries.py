"""
question: q3
ko: >-
  질의의 축에서 소프트맥스를 했습니다. 토큰마다 자기가 **보는** 토큰들에 몫을 나누어
  주므로 합은 키의 축(마지막 축)에서 1이 되어야 합니다.
en: >-
  The softmax runs over the queries. Each token shares out its weight among the tokens
  that **it sees**, so the weights have to sum to 1 over the keys, the last axis.
"""

import math

import torch


def causal_attention(q, k, v):
    L, D = q.shape[1:]
    scores = q @ k.transpose(1, 2) / math.sqrt(D)
    visible = torch.ones(L, L, dtype=torch.bool).tril()
    weights = scores.masked_fill(~visible, -math.inf).softmax(dim=-2)
    return weights @ v


def read_text(x, ids):
    ends = ids.argmax(dim=1)
    return x[torch.arange(len(x)), ends]
