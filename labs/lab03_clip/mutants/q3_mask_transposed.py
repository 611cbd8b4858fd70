"""
question: q3
ko: >-
  마스크가 거꾸로입니다. 토큰이 자기와 그 **뒤**만 봅니다. 행이 질의, 열이 키이므로 볼
  수 있는 곳은 대각선과 그 아래(`tril`)입니다.
en: >-
  The mask is the wrong way round: a token sees itself and what comes **after** it.
  Queries are the rows and keys the columns, so what may be seen lies on and below the
  diagonal (`tril`).
"""

import math

import torch


def causal_attention(q, k, v):
    L, D = q.shape[1:]
    scores = q @ k.transpose(1, 2) / math.sqrt(D)
    visible = torch.ones(L, L, dtype=torch.bool).triu()
    weights = scores.masked_fill(~visible, -math.inf).softmax(dim=-1)
    return weights @ v


def read_text(x, ids):
    ends = ids.argmax(dim=1)
    return x[torch.arange(len(x)), ends]
