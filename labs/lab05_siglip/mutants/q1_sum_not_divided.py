"""
question: q1
ko: >-
  합을 N으로 나누지 않았습니다. 그러면 배치가 2배일 때 손실과 기울기도 2배가 되어,
  배치의 크기를 바꿀 때마다 학습률을 다시 찾아야 합니다.
en: >-
  The sum is not divided by N. Then twice the batch has twice the loss and twice the
  gradients, and you would need another learning rate for every batch size.
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
    labels = 2 * torch.eye(N, dtype=logits.dtype) - 1  # +1 on the diagonal, else -1
    return -F.logsigmoid(labels * logits).sum()
