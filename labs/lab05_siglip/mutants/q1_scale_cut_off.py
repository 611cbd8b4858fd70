"""
question: q1
ko: >-
  `math.exp`가 t'을 보통 수로 바꾸었습니다. 손실의 값은 맞지만 t'까지 가는 기울기가
  끊겨서, 배율은 학습하는 동안 한 번도 움직이지 않습니다. `t_prime.exp()`를 쓰세요.
en: >-
  `math.exp` turns t' into a plain number. The loss is right, but no gradient reaches
  t' any more, and the scale does not move once in the whole training. Use
  `t_prime.exp()`.
"""

import math

import torch
import torch.nn.functional as F


def pair_logits(images, texts, t_prime, bias):
    cosine = F.normalize(images, dim=-1) @ F.normalize(texts, dim=-1).T
    return math.exp(t_prime) * cosine + bias


def sigmoid_loss(images, texts, t_prime, bias):
    logits = pair_logits(images, texts, t_prime, bias)
    labels = 2 * torch.eye(len(logits), dtype=logits.dtype) - 1
    return -F.logsigmoid(labels * logits).sum() / len(logits)
