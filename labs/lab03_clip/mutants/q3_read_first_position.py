"""
question: q3
ko: >-
  첫 자리에서 읽었습니다. 앞만 보는 인코더에서 첫 토큰은 자기 말고는 아무것도 못
  보므로, 모든 글의 임베딩이 똑같아집니다. 끝 토큰에서 읽으세요.
en: >-
  You read at the first position, as CLS is read. In an encoder that only looks back,
  the first token sees nothing but itself, so all texts get the same embedding. Read
  at the end.
"""

import math

import torch


def causal_attention(q, k, v):
    L, D = q.shape[1:]
    scores = q @ k.transpose(1, 2) / math.sqrt(D)
    visible = torch.ones(L, L, dtype=torch.bool).tril()
    weights = scores.masked_fill(~visible, -math.inf).softmax(dim=-1)
    return weights @ v


def read_text(x, ids):
    return x[:, 0]
