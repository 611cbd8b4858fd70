"""
question: q3
ko: >-
  가장 큰 번호가 **마지막으로** 나온 자리에서 읽었습니다. 끝 토큰을 되풀이해 남는
  자리를 채우는 토크나이저에서는 글의 끝이 아니라 줄의 끝입니다. 처음 나온 자리를
  찾으세요.
en: >-
  You read at the **last** place of the largest number. With a tokenizer that fills a
  row with the end token again and again, this is the end of the row and not of the
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
    ends = ids.shape[1] - 1 - ids.flip(1).argmax(dim=1)
    return x[torch.arange(len(x)), ends]
