"""
question: q1
ko: >-
  소프트맥스의 교차 엔트로피를 썼습니다. 그것은 CLIP의 손실입니다. 한 행의 모든 글과
  나누므로 쌍을 따로 볼 수 없고, 편향이 있으나 없으나 값이 같습니다.
en: >-
  You took the cross-entropy of a softmax. That is the loss of CLIP: it divides by all
  texts of a row, so pairs do not stand alone, and the bias makes no difference at all.
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
    labels = torch.arange(N)
    return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2
