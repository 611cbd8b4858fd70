"""
question: q3
ko: >-
  볼 수 있는 곳에 1을 더했습니다. 그러면 그쪽의 몫이 조금 커질 뿐 가려지지 않습니다.
  더하는 마스크는 볼 수 있으면 0, 가릴 곳이면 음의 무한대입니다.
en: >-
  You add 1 to the scores that may be seen. That only makes them a little larger and
  hides nothing. A mask that is added holds 0 where one may look and minus infinity
  elsewhere.
"""

import math

import torch


def causal_attention(q, k, v):
    L, D = q.shape[1:]
    scores = q @ k.transpose(1, 2) / math.sqrt(D)
    visible = torch.ones(L, L, dtype=torch.bool).tril()
    weights = (scores + visible).softmax(dim=-1)
    return weights @ v


def read_text(x, ids):
    ends = ids.argmax(dim=1)
    return x[torch.arange(len(x)), ends]
