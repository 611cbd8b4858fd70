"""
question: q2
ko: >-
  짝의 로짓을 음의 무한대가 아니라 -100으로 바꾸었습니다. 배율이 100이면 다른 로짓도
  -100 가까이 내려가므로, 뺐다고 생각한 짝이 다시 몫을 가집니다.
en: >-
  You replace the logit of the match by -100 instead of minus infinity. With a scale of
  100 other logits come close to -100, too, and the match that you thought was gone gets
  a share again.
"""

import torch
import torch.nn.functional as F


def info_nce(logits):
    if logits.dtype == torch.float16:
        logits = logits.float()
    labels = torch.arange(len(logits))
    return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2


def negative_shares(logits):
    match = torch.eye(len(logits), dtype=torch.bool)
    return torch.softmax(logits.masked_fill(match, -100.0), dim=1)
