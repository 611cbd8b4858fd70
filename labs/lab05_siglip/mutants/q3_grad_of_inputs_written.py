"""
question: q3
ko: >-
  받은 텐서 자체에 `backward`를 하여 그 `.grad`를 썼습니다. 부른 쪽이 모아 두던 기울기가
  사라지거나 섞입니다. `detach()`한 텐서에서 `torch.autograd.grad`로 구하세요.
en: >-
  You call `backward` on the tensors you were given and write to their `.grad`.
  Gradients that the caller had collected there are lost or mixed up. Use
  `torch.autograd.grad` on `detach()`ed tensors.
"""

import torch
import torch.nn.functional as F


def tile_gradients(images, texts, t_prime, bias, own, total):
    given = [images, texts, t_prime, bias]
    for x in given:
        x.requires_grad_().grad = None
    logits = pair_logits(*given)
    labels = -torch.ones_like(logits)
    if own:
        labels = labels + 2 * torch.eye(len(images), dtype=logits.dtype)
    loss = -F.logsigmoid(labels * logits).sum() / total
    loss.backward()
    return Gradients(loss.detach(), *(x.grad.clone() for x in given))


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
