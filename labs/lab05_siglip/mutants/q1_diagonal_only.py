"""
question: q1
ko: >-
  대각선의 짝만 셌습니다. 짝이 아닌 쌍이 손실에 없으면 모든 임베딩을 한 점에 모으는 것이
  가장 좋은 답이 됩니다. N²쌍을 모두 더하세요.
en: >-
  Only the positive pairs on the diagonal are counted. Without negative pairs the best
  answer is to put all embeddings in the same place. Add up all N² pairs.
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
    return -F.logsigmoid(labels * logits).diagonal().sum() / N
