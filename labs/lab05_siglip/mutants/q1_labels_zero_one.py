"""
question: q1
ko: >-
  레이블을 0과 1로 두었습니다. 0을 곱하면 짝이 아닌 쌍의 로짓이 사라져서, 손실이 늘 log
  2이고 밀어내는 힘이 없습니다. 짝이 아닌 쌍의 레이블은 -1입니다.
en: >-
  Your labels are 0 and 1. Multiplied by 0, the logits of negative pairs vanish: each
  costs log 2 whatever happens, and nothing is pushed apart. The label of a negative
  pair is -1.
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
    labels = torch.eye(N, dtype=logits.dtype)
    return -F.logsigmoid(labels * logits).sum() / N
