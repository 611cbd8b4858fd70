"""
question: q3
ko: >-
  타일의 손실을 기록이 달린 채로 돌려주었습니다. 손실을 더해 가는 동안 모든 타일의
  기록이 줄줄이 매달립니다. `loss.detach()`를 돌려주세요.
en: >-
  You return the loss of a tile with its history. While the losses are added up, the
  history of all tiles hangs on to the sum, which is what the tiles were meant to avoid.
  Return `loss.detach()`.
"""

import torch
import torch.nn.functional as F


def tile_gradients(images, texts, t_prime, bias, own, total):
    given = [x.detach().requires_grad_() for x in (images, texts, t_prime, bias)]
    logits = pair_logits(*given)
    labels = -torch.ones_like(logits)
    if own:
        labels = labels + 2 * torch.eye(len(images), dtype=logits.dtype)
    loss = -F.logsigmoid(labels * logits).sum() / total
    return Gradients(loss, *torch.autograd.grad(loss, given))


def blocked_gradients(images, texts, t_prime, bias, block):
    N = len(images)
    given = (bias, images, texts, t_prime, bias)
    loss, image_grads, text_grads, t_grad, bias_grad = (
        torch.zeros_like(x) for x in given
    )
    for row in range(0, N, block):
        for column in range(0, N, block):
            rows, columns = slice(row, row + block), slice(column, column + block)
            some, words = images[rows], texts[columns]
            tile = tile_gradients(some, words, t_prime, bias, row == column, N)
            loss += tile.loss
            image_grads[rows] += tile.images
            text_grads[columns] += tile.texts
            t_grad += tile.t_prime
            bias_grad += tile.bias
    return Gradients(loss, image_grads, text_grads, t_grad, bias_grad)
