"""
question: q1
ko: >-
  레이블의 부호가 거꾸로입니다. 짝을 밀어내고 나머지를 끌어당기므로, 학습할수록 검색이
  나빠집니다. 대각선이 +1이고 나머지가 -1입니다.
en: >-
  The signs of the labels are the wrong way round. Positive pairs are pushed apart and
  all others pulled together, so that training makes retrieval worse. The diagonal is
  +1, everything else -1.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def pair_logits(images: Tensor, texts: Tensor, t_prime: Tensor, bias: Tensor) -> Tensor:
    cosine = F.normalize(images, dim=-1) @ F.normalize(texts, dim=-1).T  # (n, m)
    return t_prime.exp() * cosine + bias


def sigmoid_loss(
    images: Tensor, texts: Tensor, t_prime: Tensor, bias: Tensor
) -> Tensor:
    logits = pair_logits(images, texts, t_prime, bias)
    N = len(logits)
    labels = 1 - 2 * torch.eye(N, dtype=logits.dtype)  # +1 on the diagonal, else -1
    return -F.logsigmoid(labels * logits).sum() / N
