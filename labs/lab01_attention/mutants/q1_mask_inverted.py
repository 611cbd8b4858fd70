"""
question: q1
ko: >-
  마스크를 거꾸로 썼습니다. 여기서 `True`는 '봐도 된다'는 뜻인데, `True`인 키를
  가렸습니다. 인과 마스크에서는 첫 토큰이 자기만 빼고 뒤의 토큰을 모두 보게 되고,
  마지막 토큰은 볼 것이 없어 `nan`이 됩니다. (`nn.MultiheadAttention`의 마스크는 뜻이
  반대라 헷갈리기 쉽습니다.)
en: >-
  Your mask is inverted. Here `True` means 'may look', but you hid the keys that are
  `True`. Under a causal mask the first token then sees everything except itself, and
  the last token has nothing to look at and becomes `nan`. (The mask of
  `nn.MultiheadAttention` has the opposite meaning, so this is easy to confuse.)
"""

import math

import torch


def attention(q, k, v, mask=None):
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(mask, -math.inf)
    weights = torch.softmax(scores, dim=-1)
    return weights @ v, weights
