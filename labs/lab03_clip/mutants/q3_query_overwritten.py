"""
question: q3
ko: >-
  `q /= ...`는 받은 질의 자체를 고칩니다. 부른 쪽의 텐서가 바뀌고, 학습 중인
  인코더에서는 자동 미분이 오류를 냅니다. 점수를 나누거나 새 텐서를 만드세요.
en: >-
  `q /= ...` changes the queries that you were given. The caller's tensor is no longer
  what it was, and inside an encoder that learns automatic differentiation raises an
  error. Divide the scores, or make a new tensor.
"""

import math

import torch


def causal_attention(q, k, v):
    L, D = q.shape[1:]
    q /= math.sqrt(D)
    scores = q @ k.transpose(1, 2)
    visible = torch.ones(L, L, dtype=torch.bool).tril()
    return scores.masked_fill(~visible, -math.inf).softmax(dim=-1) @ v


def read_text(x, ids):
    return x[torch.arange(len(x)), ids.argmax(dim=1)]
