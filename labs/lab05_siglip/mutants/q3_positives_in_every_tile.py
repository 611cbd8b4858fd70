"""
question: q3
ko: >-
  모든 타일의 대각선을 짝으로 셌습니다. 짝은 그림과 글이 같은 자리에서 온 타일, 곧
  대각선의 타일에만 있습니다. 나머지 타일에서는 아무 상관없는 그림과 글을 끌어당기게
  됩니다.
en: >-
  The diagonal of every tile counts as positive. Positive pairs are only in tiles whose
  pictures and texts come from the same places. In all others you pull together pictures
  and texts that have nothing in common.
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
    labels = labels + 2 * torch.eye(*logits.shape, dtype=logits.dtype)
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
        for column in range(0, N, block):
            rows, columns = slice(row, row + block), slice(column, column + block)
            tile = tile_gradients(images[rows], texts[columns], t_prime, bias, True, N)
            loss += tile.loss
            image_grads[rows] += tile.images
            text_grads[columns] += tile.texts
            t_grad += tile.t_prime
            bias_grad += tile.bias
    return Gradients(loss, image_grads, text_grads, t_grad, bias_grad)
