"""
question: q3
ko: >-
  어텐션을 `torch.no_grad()` 안에서 계산했습니다. 출력은 맞지만 기울기가 질의, 키,
  값으로 가지 않아서, 글 인코더의 어텐션은 학습되지 않습니다.
en: >-
  You compute the attention inside `torch.no_grad()`. The outputs are right, but no
  gradient reaches queries, keys and values, so the attention of the text encoder never
  learns.
"""

import math

import torch


@torch.no_grad()
def causal_attention(q, k, v):
    L, D = q.shape[1:]
    scores = q @ k.transpose(1, 2) / math.sqrt(D)
    visible = torch.ones(L, L, dtype=torch.bool).tril()
    return scores.masked_fill(~visible, -math.inf).softmax(dim=-1) @ v


def read_text(x, ids):
    return x[torch.arange(len(x)), ids.argmax(dim=1)]
