"""
question: q1
ko: >-
  t' 대신 e^t'를 곱해야 합니다. 학습하는 것은 배율의 로그입니다. 로그를 그대로 곱하면
  배율이 10 대신 2.3이고, 학습하다가 음수가 되어 유사도의 뜻이 뒤집힐 수 있습니다.
en: >-
  Multiply by e^t', not by t'. What is learned is the logarithm of the scale. Used as it
  is, the scale is 2.3 instead of 10, and it may become negative and turn similarity
  round.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def pair_logits(images: Tensor, texts: Tensor, t_prime: Tensor, bias: Tensor) -> Tensor:
    cosine = F.normalize(images, dim=-1) @ F.normalize(texts, dim=-1).T  # (n, m)
    return t_prime * cosine + bias


def sigmoid_loss(
    images: Tensor, texts: Tensor, t_prime: Tensor, bias: Tensor
) -> Tensor:
    logits = pair_logits(images, texts, t_prime, bias)
    N = len(logits)
    labels = 2 * torch.eye(N, dtype=logits.dtype) - 1  # +1 on the diagonal, else -1
    return -F.logsigmoid(labels * logits).sum() / N
