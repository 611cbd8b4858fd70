"""
question: q1
ko: >-
  유사도에 배율을 곱하지 않고 나누었습니다. CLIP의 온도 τ는 나누지만 여기의 t는
  1/τ이므로 곱합니다. 배율 10으로 나누면 로짓이 0.1을 넘지 못해서 짝을 자신 있게 가릴 수
  없습니다.
en: >-
  You divide by the scale instead of multiplying. The temperature τ of CLIP divides, but
  t here is 1/τ and multiplies. Divided by a scale of 10 no logit exceeds 0.1, and none
  can be confident.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def pair_logits(images: Tensor, texts: Tensor, t_prime: Tensor, bias: Tensor) -> Tensor:
    cosine = F.normalize(images, dim=-1) @ F.normalize(texts, dim=-1).T  # (n, m)
    return cosine / t_prime.exp() + bias


def sigmoid_loss(
    images: Tensor, texts: Tensor, t_prime: Tensor, bias: Tensor
) -> Tensor:
    logits = pair_logits(images, texts, t_prime, bias)
    N = len(logits)
    labels = 2 * torch.eye(N, dtype=logits.dtype) - 1  # +1 on the diagonal, else -1
    return -F.logsigmoid(labels * logits).sum() / N
