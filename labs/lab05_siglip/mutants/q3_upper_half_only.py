"""
question: q3
ko: >-
  표의 위쪽 절반만 계산했습니다. 그림 i와 글 j의 쌍은 그림 j와 글 i의 쌍과 다르므로 표는
  대칭이 아닙니다.
en: >-
  Only the upper half of the table is computed. The pair of picture i and text j is
  another one than that of picture j and text i: the table is not symmetric.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def tile_gradients(
    images: Tensor,
    texts: Tensor,
    t_prime: Tensor,
    bias: Tensor,
    own: bool,
    total: int,
) -> Gradients:
    given = [x.detach().requires_grad_() for x in (images, texts, t_prime, bias)]
    logits = pair_logits(*given)  # (n, m)
    labels = -torch.ones_like(logits)
    if own:
        labels = labels + 2 * torch.eye(len(images), dtype=logits.dtype)
    loss = -F.logsigmoid(labels * logits).sum() / total
    return Gradients(loss.detach(), *torch.autograd.grad(loss, given))


def blocked_gradients(
    images: Tensor, texts: Tensor, t_prime: Tensor, bias: Tensor, block: int
) -> Gradients:
    N = len(images)
    loss, image_grads, text_grads, t_grad, bias_grad = (
        torch.zeros_like(x) for x in (bias, images, texts, t_prime, bias)
    )
    for row in range(0, N, block):
        for column in range(row, N, block):
            rows, columns = slice(row, row + block), slice(column, column + block)
            tile = tile_gradients(
                images[rows], texts[columns], t_prime, bias, row == column, N
            )
            loss += tile.loss
            image_grads[rows] += tile.images
            text_grads[columns] += tile.texts
            t_grad += tile.t_prime
            bias_grad += tile.bias
    return Gradients(loss, image_grads, text_grads, t_grad, bias_grad)
