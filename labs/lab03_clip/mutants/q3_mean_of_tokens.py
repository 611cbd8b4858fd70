"""
question: q3
ko: >-
  모든 자리를 평균했습니다. 채운 자리까지 섞이고, 글의 앞만 아는 토큰들이 끝 토큰과
  같은 몫을 가집니다. CLIP은 끝 토큰 하나만 읽습니다.
en: >-
  You average all places. Fillers are mixed in, and tokens that know only the start of
  the text count as much as the end token. CLIP reads the end token alone.
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
    return x.mean(dim=1)
