"""
question: q3
ko: >-
  키와 값의 가중치를 전치하지 않았습니다. PyTorch의 선형 층은 가중치를 (출력, 입력)
  모양으로 저장하므로 `x @ weight.T`입니다. (D, D) 행렬이라 오류는 나지 않습니다.
en: >-
  The weights of keys and values are not transposed. A linear layer of PyTorch stores
  its weight as (output, input), hence `x @ weight.T`. The matrix is (D, D), so there
  is no error.
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

    k, v = split(patches @ key_weight), split(patches @ value_weight)
    q = query.reshape(heads, D // heads, 1)
    scores = (k @ q).squeeze(-1) / math.sqrt(D // heads)
    weights = torch.softmax(scores, dim=-1)
    return (weights[:, :, None] @ v).flatten(1), weights
