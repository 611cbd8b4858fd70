"""
question: q3
ko: >-
  점수를 √Dh가 아니라 √D로 나누었습니다. 헤드의 내적은 Dh개의 곱만 더하므로, 헤드가
  여럿이면 너무 많이 나누어 가중치가 평평해집니다.
en: >-
  The scores are divided by √D, not by √Dh. The dot product of a head adds up only Dh
  products, so with several heads you divide by too much and the weights become too
  flat.
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

    k, v = split(patches @ key_weight.T), split(patches @ value_weight.T)
    q = query.reshape(heads, D // heads, 1)
    scores = (k @ q).squeeze(-1) / math.sqrt(D)
    weights = torch.softmax(scores, dim=-1)
    return (weights[:, :, None] @ v).flatten(1), weights
