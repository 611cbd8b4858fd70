"""
question: q1
ko: >-
  편향을 더하지 않고 뺐습니다. 그러면 음수인 시작값이 거꾸로 작용해서, 배우기 전의
  모델이 모든 쌍을 짝이라고 믿습니다. 공개된 코드처럼 t·s + b로 씁니다.
en: >-
  You subtract the bias. Its negative start then works the wrong way round, and a model
  that has learned nothing believes that all pairs belong together. Write t·s + b, as
  the published code does.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def pair_logits(images: Tensor, texts: Tensor, t_prime: Tensor, bias: Tensor) -> Tensor:
    cosine = F.normalize(images, dim=-1) @ F.normalize(texts, dim=-1).T  # (n, m)
    return t_prime.exp() * cosine - bias


def sigmoid_loss(
    images: Tensor, texts: Tensor, t_prime: Tensor, bias: Tensor
) -> Tensor:
    logits = pair_logits(images, texts, t_prime, bias)
    N = len(logits)
    labels = 2 * torch.eye(N, dtype=logits.dtype) - 1  # +1 on the diagonal, else -1
    return -F.logsigmoid(labels * logits).sum() / N
