"""
question: q1
ko: >-
  쌍의 수 N²로 나누었습니다. 손실은 그림 한 장의 몫이므로 N으로 나눕니다. N²로 나누면
  배치가 클수록 기울기가 작아져서, 짝 하나를 당기는 힘이 N분의 1이 됩니다.
en: >-
  You divide by the number of pairs N². The loss is the share of one picture, so divide
  by N. With N² the gradients shrink as the batch grows, and each positive pair pulls N
  times less.
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
    return -F.logsigmoid(labels * logits).mean()
