"""
question: q1
ko: >-
  편향에도 배율 t를 곱했습니다. t·(s + b)가 아니라 t·s + b입니다. 배율이 커질 때마다
  편향까지 함께 커지면 둘을 따로 배울 수 없습니다.
en: >-
  You multiply the bias by the scale, too. It is t·s + b, not t·(s + b). If the bias
  grows whenever the scale does, the model cannot learn the two independently.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def pair_logits(images: Tensor, texts: Tensor, t_prime: Tensor, bias: Tensor) -> Tensor:
    cosine = F.normalize(images, dim=-1) @ F.normalize(texts, dim=-1).T  # (n, m)
    return t_prime.exp() * (cosine + bias)


def sigmoid_loss(
    images: Tensor, texts: Tensor, t_prime: Tensor, bias: Tensor
) -> Tensor:
    logits = pair_logits(images, texts, t_prime, bias)
    N = len(logits)
    labels = 2 * torch.eye(N, dtype=logits.dtype) - 1  # +1 on the diagonal, else -1
    return -F.logsigmoid(labels * logits).sum() / N
