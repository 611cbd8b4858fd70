"""
question: q1
ko: >-
  √Dh로 나누지 않았습니다. 내적은 Dh개의 곱을 더한 것이라 너비가 커질수록 폭이 √Dh배로
  커지고, 소프트맥스가 키 하나에 거의 모든 가중치를 줍니다. 손으로 푼 예에서 0.7311
  대신 0.8808이 나옵니다.
en: >-
  The division by √Dh is missing. A dot product adds up Dh products, so its spread
  grows like √Dh, and the softmax gives nearly all weight to a single key. In the
  example by hand you get 0.8808 instead of 0.7311.
"""

import math

import torch


def attention(q, k, v, mask=None):
    scores = q @ k.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = torch.softmax(scores, dim=-1)
    return weights @ v, weights
