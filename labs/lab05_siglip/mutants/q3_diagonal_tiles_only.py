"""
question: q3
ko: >-
  대각선의 타일만 계산했습니다. 다른 묶음의 글은 모두 짝이 아닌 쌍입니다. 그것을 빼면
  배치를 작게 나눈 것과 같아서, 큰 배치를 쓰는 뜻이 없습니다.
en: >-
  Only the tiles on the diagonal are computed. The texts of other blocks are all
  negatives; without them this is just a small batch, and the large one has no use.
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
        for column in (row,):
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
