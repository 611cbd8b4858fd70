"""
question: q3
ko: >-
  앞의 토큰을 늘 1개로 여겼습니다. 레지스터가 있으면 `prefix`가 1보다 크고, CLS가
  없으면 0입니다. 그때 레지스터를 패치로 알거나 첫 패치를 버리게 됩니다.
en: >-
  You always leave out exactly one token in front. With registers `prefix` is larger
  than 1, and without CLS it is 0. Then registers are taken for patches, or the first
  patch is lost.
"""

import math

import torch


def cls_pool(x):
    return x[:, 0]


def gap_pool(x, prefix):
    return x[:, 1:].mean(dim=1)


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
