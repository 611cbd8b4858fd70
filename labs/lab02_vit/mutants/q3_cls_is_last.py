"""
question: q3
ko: >-
  `cls_pool`이 마지막 토큰을 돌려줍니다. CLS는 줄의 **맨 앞**에 있습니다. 마지막
  토큰은 오른쪽 아래 구석의 패치입니다.
en: >-
  Your `cls_pool` returns the last token. CLS stands at the **start** of the row. The
  last token is the patch in the lower right corner of the picture.
"""

import math

import torch


def cls_pool(x):
    return x[:, -1]


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
    weights = torch.softmax(scores, dim=-1)
    return (weights[:, :, None] @ v).flatten(1), weights
