"""
question: q2
ko: >-
  점수를 √Dh가 아니라 √D로 나누었습니다. 헤드 하나의 내적은 Dh개의 곱만 더하므로 √D는
  √h배만큼 너무 큽니다. 가중치가 평평해져 어텐션이 평균에 가까워집니다. 질의가 0이면
  드러나지 않습니다.
en: >-
  You divide the scores by √D instead of √Dh. The dot product within a head adds only
  Dh products, so √D is too large by √h. The weights become flat and attention drifts
  towards a plain mean. Queries of 0 do not show this.
"""

import math

import torch


def split_heads(x, heads):
    B, T, D = x.shape
    return x.reshape(B, T, heads, D // heads).transpose(1, 2)


def merge_heads(x):
    return x.transpose(1, 2).flatten(2)


def multi_head_attention(x, qkv_weight, qkv_bias, proj_weight, proj_bias, heads):
    q, k, v = (x @ qkv_weight.T + qkv_bias).chunk(3, dim=-1)
    q, k, v = (split_heads(part, heads) for part in (q, k, v))
    scores = q @ k.transpose(-2, -1) / math.sqrt(x.shape[-1])
    out = torch.softmax(scores, dim=-1) @ v
    return merge_heads(out) @ proj_weight.T + proj_bias
