"""
question: q2
ko: >-
  대각선만이 아니라 행렬의 모든 칸에서 로그 확률을 평균했습니다. 그러면 짝이 아닌 글의
  확률도 높이려 하므로 모든 글이 똑같아지는 쪽으로 배웁니다.
en: >-
  The logarithms of all entries are averaged, not only those of the diagonal. This
  also rewards the texts that do not belong to the image, and teaches that all texts
  are alike.
"""

import math

import torch


def info_nce(logits):
    if logits.dtype == torch.float16:
        logits = logits.float()
    rows = -logits.log_softmax(dim=1).mean()
    columns = -logits.log_softmax(dim=0).mean()
    return (rows + columns) / 2


def negative_shares(logits):
    match = torch.eye(len(logits), dtype=torch.bool)
    return torch.softmax(logits.masked_fill(match, -math.inf), dim=1)
