"""
question: q3
ko: >-
  글의 기울기를 행의 자리에 더했습니다. 타일의 글은 열에서 왔으므로 기울기도 열의 자리로
  돌아가야 합니다. 그러지 않으면 남의 글을 고칩니다.
en: >-
  The gradients of texts are added at the places of the rows. The texts of a tile come
  from its columns, and so must their gradients go there; otherwise you correct other
  texts.
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
        for column in range(0, N, block):
            rows, columns = slice(row, row + block), slice(column, column + block)
            tile = tile_gradients(
                images[rows], texts[columns], t_prime, bias, row == column, N
            )
            loss += tile.loss
            image_grads[rows] += tile.images
            part = tile.texts[: len(text_grads[rows])]
            text_grads[rows][: len(part)] += part
            t_grad += tile.t_prime
            bias_grad += tile.bias
    return Gradients(loss, image_grads, text_grads, t_grad, bias_grad)
