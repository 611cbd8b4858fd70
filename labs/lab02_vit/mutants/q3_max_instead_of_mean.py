"""
question: q3
ko: >-
  평균 대신 최댓값을 썼습니다. 채널마다 가장 큰 토큰 하나만 남고 나머지는 사라지므로,
  기울기도 그 토큰으로만 흐릅니다. GAP의 A는 평균(average)입니다.
en: >-
  You take the maximum instead of the mean. For each channel just the largest token is
  left, and the gradient flows to this token alone. The A of GAP stands for average.
"""

import math

import torch


def cls_pool(x):
    return x[:, 0]


def gap_pool(x, prefix):
    return x[:, prefix:].amax(dim=1)


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
