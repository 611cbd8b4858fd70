"""
question: q1
ko: >-
  길이를 임베딩마다 맞추지 않고 배치의 축으로 맞추었습니다. 그러면 한 그림의 벡터가
  배치에 함께 든 그림에 따라 달라집니다. 너비의 축, 곧 `dim=-1`입니다.
en: >-
  You normalise along the batch instead of along each embedding. Then the vector of a
  picture depends on which other pictures are in the batch. The axis is the width,
  `dim=-1`.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def pair_logits(images: Tensor, texts: Tensor, t_prime: Tensor, bias: Tensor) -> Tensor:
    cosine = F.normalize(images, dim=0) @ F.normalize(texts, dim=0).T  # (n, m)
    return t_prime.exp() * cosine + bias


def sigmoid_loss(
    images: Tensor, texts: Tensor, t_prime: Tensor, bias: Tensor
) -> Tensor:
    logits = pair_logits(images, texts, t_prime, bias)
    N = len(logits)
    labels = 2 * torch.eye(N, dtype=logits.dtype) - 1  # +1 on the diagonal, else -1
    return -F.logsigmoid(labels * logits).sum() / N
