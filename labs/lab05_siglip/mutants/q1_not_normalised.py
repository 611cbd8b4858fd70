"""
question: q1
ko: >-
  임베딩의 길이를 1로 맞추지 않았습니다. 내적은 코사인 유사도가 아니어서, 벡터를 길게
  만들기만 해도 로짓이 커집니다. `F.normalize(x, dim=-1)`을 두 쪽에 모두 쓰세요.
en: >-
  The embeddings were not given length 1. A dot product is no cosine similarity: making
  a vector longer is enough to make its logits larger. Use `F.normalize(x, dim=-1)` on
  both sides.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def pair_logits(images: Tensor, texts: Tensor, t_prime: Tensor, bias: Tensor) -> Tensor:
    cosine = images @ texts.T  # (n, m)
    return t_prime.exp() * cosine + bias


def sigmoid_loss(
    images: Tensor, texts: Tensor, t_prime: Tensor, bias: Tensor
) -> Tensor:
    logits = pair_logits(images, texts, t_prime, bias)
    N = len(logits)
    labels = 2 * torch.eye(N, dtype=logits.dtype) - 1  # +1 on the diagonal, else -1
    return -F.logsigmoid(labels * logits).sum() / N
