"""
question: q3
ko: >-
  마스크가 없습니다. 모든 토큰이 모든 토큰을 봅니다. 그런 글 인코더도 있지만(SigLIP)
  CLIP의 것은 앞만 보며, 그래서 끝 토큰에서 읽습니다.
en: >-
  There is no mask: all tokens see all tokens. There are text encoders like this
  (SigLIP), but that of CLIP only looks back, which is why it is read at the end
  token.
"""

import math

import torch


def causal_attention(q, k, v):
    L, D = q.shape[1:]
    scores = q @ k.transpose(1, 2) / math.sqrt(D)
    weights = scores.softmax(dim=-1)
    return weights @ v


def read_text(x, ids):
    ends = ids.argmax(dim=1)
    return x[torch.arange(len(x)), ends]
