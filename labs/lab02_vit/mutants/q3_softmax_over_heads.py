"""
question: q3
ko: >-
  소프트맥스를 헤드 축에서 했습니다. 그러면 패치마다 헤드들의 몫을 합해 1이 되고, 헤드
  하나가 패치들에 나누어 주는 몫의 합은 1이 아닙니다. 합이 1이어야 하는 것은 **패치
  축**입니다.
en: >-
  Your softmax runs over the heads. Then the shares of the heads sum to 1 for each
  patch, while what a head gives to the patches does not. It is along **the patches**
  that the weights must sum to 1.
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
    scores = (k @ q).squeeze(-1) / math.sqrt(D // heads)
    weights = torch.softmax(scores, dim=1)
    return (weights[:, :, None] @ v).flatten(1), weights
