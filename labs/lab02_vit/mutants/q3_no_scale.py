"""
question: q3
ko: >-
  점수를 √Dh로 나누지 않았습니다. 내적은 너비가 커질수록 폭이 커지므로 소프트맥스가
  패치 하나에 거의 모든 몫을 줍니다. 손으로 푼 예에서 0.25 대신 0.1746이 나옵니다.
en: >-
  The scores are not divided by √Dh. The spread of a dot product grows with the width,
  so the softmax gives nearly everything to a single patch. In the example by hand you
  get 0.1746 instead of 0.25.
"""

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
    scores = (k @ q).squeeze(-1)
    weights = torch.softmax(scores, dim=-1)
    return (weights[:, :, None] @ v).flatten(1), weights
