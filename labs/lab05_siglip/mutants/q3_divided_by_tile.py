"""
question: q3
ko: >-
  배치 전체의 N이 아니라 타일의 그림 수로 나누었습니다. 그러면 타일이 작을수록 손실이
  커지고, `block`을 바꿀 때마다 다른 답이 나옵니다.
en: >-
  You divide by the pictures of the tile, not by N of the whole batch. Then the loss
  grows as tiles get smaller, and every `block` gives another answer.
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
    loss = -F.logsigmoid(labels * logits).sum() / len(images)
    return Gradients(loss.detach(), *torch.autograd.grad(loss, given))


def blocked_gradients(
    images: Tensor, texts: Tensor, t_prime: Tensor, bias: Tensor, block: int
) -> Gradients:
    N = len(images)
    loss, image_grads, text_grads, t_grad, bias_grad = (
        torch.zeros_like(x) for x in (bias, images, texts, t_prime, bias)
    )
    for row in range(0, N, block):
        for column in range(0, N, block):
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
