"""
question: q3
ko: >-
  값 대신 토큰을 그대로 평균했습니다. 키는 "무엇을 고를지", 값은 "무엇을 건네줄지"를
  정합니다. 토큰에 `value_weight`를 곱한 것을 모아야 합니다.
en: >-
  You average the tokens themselves, not the values. The keys decide what is chosen,
  the values what is handed over: gather the tokens multiplied by `value_weight`.
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

    k, v = split(patches @ key_weight.T), split(patches)
    q = query.reshape(heads, D // heads, 1)
    scores = (k @ q).squeeze(-1) / math.sqrt(D // heads)
    weights = torch.softmax(scores, dim=-1)
    return (weights[:, :, None] @ v).flatten(1), weights
