"""
question: q1
ko: >-
  시그모이드를 구한 다음 로그를 했습니다. 로짓이 -1000이면 시그모이드가 0이 되어 손실이
  무한대이고 기울기는 NaN입니다. `F.logsigmoid`는 같은 값을 넘치지 않게 계산합니다.
en: >-
  You take the logarithm of a sigmoid. For a logit of -1000 the sigmoid is 0, the loss
  infinite and the gradient NaN. `F.logsigmoid` computes the same value without
  overflow.
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
    return -torch.log(torch.sigmoid(labels * logits)).sum() / N
