"""
question: q3
ko: >-
  헤드 0에 채널 0, h, 2h, …를 주었습니다. 헤드 i의 채널은 `i * Dh`부터 이어진
  Dh개입니다. 모양은 같으므로 오류는 나지 않습니다.
en: >-
  You gave head 0 the channels 0, h, 2h, …. The channels of head i are the Dh that
  follow each other from `i * Dh` on. The shapes are the same, so there is no error.
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
        return y.reshape(B, N, D // heads, heads).permute(0, 3, 1, 2)

    k, v = split(patches @ key_weight.T), split(patches @ value_weight.T)
    q = query.reshape(D // heads, heads).T[..., None]
    scores = (k @ q).squeeze(-1) / math.sqrt(D // heads)
    weights = torch.softmax(scores, dim=-1)
    return (weights[:, :, None] @ v).flatten(1), weights
