"""
question: q3
ko: >-
  GAP에 앞의 토큰까지 넣었습니다. CLS와 레지스터의 뒤에는 그림이 없습니다. 레지스터는
  값이 큰 경우가 많아서, 몇 개만 섞여도 평균이 그쪽으로 끌려갑니다.
en: >-
  Your GAP averages the tokens in front, too. There is no picture behind CLS and
  registers. Registers often hold large numbers, so a few of them are enough to drag
  the average to their side.
"""

import math

import torch


def cls_pool(x):
    return x[:, 0]


def gap_pool(x, prefix):
    return x.mean(dim=1)


def map_pool(x, prefix, query, key_weight, value_weight, heads):
    patches = x[:, prefix:]
    B, N, D = patches.shape

    def split(y):
        return y.reshape(B, N, heads, D // heads).transpose(1, 2)

    k, v = split(patches @ key_weight.T), split(patches @ value_weight.T)
    q = query.reshape(heads, D // heads, 1)
    scores = (k @ q).squeeze(-1) / math.sqrt(D // heads)
    weights = torch.softmax(scores, dim=-1)
    return (weights[:, :, None] @ v).flatten(1), weights
