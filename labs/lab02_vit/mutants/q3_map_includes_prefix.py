"""
question: q3
ko: >-
  MAP의 질의가 앞의 토큰까지 봅니다. 이 문항에서는 패치 토큰만 모읍니다. 가중치의
  마지막 축은 N이어야 하는데 R + N입니다.
en: >-
  The query of your MAP looks at the tokens in front, too. In this question it gathers
  patch tokens only. The last axis of the weights must be N, yours is R + N.
"""

import math

import torch


def cls_pool(x):
    return x[:, 0]


def gap_pool(x, prefix):
    return x[:, prefix:].mean(dim=1)


def map_pool(x, prefix, query, key_weight, value_weight, heads):
    patches = x  # all of them
    B, N, D = patches.shape

    def split(y):
        return y.reshape(B, N, heads, D // heads).transpose(1, 2)

    k, v = split(patches @ key_weight.T), split(patches @ value_weight.T)
    q = query.reshape(heads, D // heads, 1)
    scores = (k @ q).squeeze(-1) / math.sqrt(D // heads)
    weights = torch.softmax(scores, dim=-1)
    return (weights[:, :, None] @ v).flatten(1), weights
