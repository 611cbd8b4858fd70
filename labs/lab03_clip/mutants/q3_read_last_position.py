"""
question: q3
ko: >-
  마지막 자리에서 읽었습니다. 짧은 글에서 그 자리는 채운 토큰입니다. 글의 끝은 번호가
  가장 큰 토큰이 있는 자리입니다.
en: >-
  You read at the last position. In a short text a filler stands there. The text ends
  where the token with the largest number is, and that place differs from text to
  text.
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
    return x[:, -1]
