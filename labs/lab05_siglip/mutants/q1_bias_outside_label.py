"""
question: q1
ko: >-
  편향이 레이블 밖에 있습니다. z·t·s + b에서는 편향을 올리기만 하면 짝이든 아니든 모든
  쌍의 손실이 함께 0으로 가므로, 그림과 글을 보지 않고도 손실이 내려갑니다. 레이블은
  편향까지 더한 로짓 전체에 곱합니다.
en: >-
  The bias is outside the label. In z·t·s + b raising the bias alone brings the losses
  of all pairs to 0, positive or negative, without a look at pictures and texts. The
  label multiplies the whole logit, bias included.
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
    logits = pair_logits(images, texts, t_prime, torch.zeros_like(bias))
    N = len(logits)
    labels = 2 * torch.eye(N, dtype=logits.dtype) - 1  # +1 on the diagonal, else -1
    return -F.logsigmoid(labels * logits + bias).sum() / N
