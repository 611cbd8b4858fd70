"""
question: q3
ko: >-
  값 대신 키를 평균했습니다. 키는 점수를 매길 때만 쓰고, 모으는 것은 값입니다.
  `value_weight`가 한 번도 쓰이지 않았습니다.
en: >-
  You average the keys instead of the values. Keys serve only to make the scores; what
  is gathered are the values. Your code never uses `value_weight`.
"""

import math

import torch


def cls_pool(x):
    return x[:, 0]


def gap_pool(x, prefix):
    return x[:, prefix:].mean(dim=1)


def map_pool(x, prefix, query, key_weight, value_weight, heads):
    patches = x[:, prefix:]
    B, N, D = patches.shape

    def split(y):
        return y.reshape(B, N, heads, D // heads).transpose(1, 2)

    k = split(patches @ key_weight.T)
    q = query.reshape(heads, D // heads, 1)
    scores = (k @ q).squeeze(-1) / math.sqrt(D // heads)
    weights = torch.softmax(scores, dim=-1)
    return (weights[:, :, None] @ k).flatten(1), weights
