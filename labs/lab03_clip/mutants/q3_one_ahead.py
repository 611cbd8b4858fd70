"""
question: q3
ko: >-
  한 칸 앞까지 봅니다. `tril(1)`은 대각선 바로 위도 남깁니다. 다음 토큰이 보이면
  마스크가 막으려던 일이 그대로 일어납니다.
en: >-
  A token sees one place ahead: `tril(1)` also keeps the entries right above the
  diagonal. If the next token can be seen, the mask fails at the very thing that it is
  there for.
"""

import math

import torch


def causal_attention(q, k, v):
    L, D = q.shape[1:]
    scores = q @ k.transpose(1, 2) / math.sqrt(D)
    visible = torch.ones(L, L, dtype=torch.bool).tril(1)
    weights = scores.masked_fill(~visible, -math.inf).softmax(dim=-1)
    return weights @ v


def read_text(x, ids):
    ends = ids.argmax(dim=1)
    return x[torch.arange(len(x)), ends]
