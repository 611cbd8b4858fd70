"""
question: q2
ko: >-
  분모에서 짝을 뺐습니다. InfoNCE의 분모에는 짝을 포함한 모든 글이 들어갑니다. 빼면
  확률이 아니라서 손실이 음수가 될 수 있습니다. (짝을 빼는 것은
  `negative_shares`입니다.)
en: >-
  The denominator leaves out the match. In InfoNCE it holds all texts, the match
  included; without it there is no probability, and the loss can become negative. (It
  is `negative_shares` that leaves it out.)
"""

import math

import torch


def info_nce(logits):
    if logits.dtype == torch.float16:
        logits = logits.float()
    hidden = torch.eye(len(logits), dtype=torch.bool)
    others = logits.masked_fill(hidden, -math.inf)
    rows = (others.logsumexp(dim=1) - logits.diag()).mean()
    columns = (others.logsumexp(dim=0) - logits.diag()).mean()
    return (rows + columns) / 2


def negative_shares(logits):
    match = torch.eye(len(logits), dtype=torch.bool)
    return torch.softmax(logits.masked_fill(match, -math.inf), dim=1)
