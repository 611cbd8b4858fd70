"""
question: q3
ko: >-
  기울기를 모으는 텐서를 자료형을 정하지 않고 만들어 float32가 되었습니다. float64의
  기울기를 더할 때마다 자릿수의 반을 잃습니다. `torch.zeros_like`로 입력의 자료형을
  따르세요.
en: >-
  The tensors that collect the gradients were made without a type and are in float32.
  Each float64 gradient that is added loses half of its digits. Let `torch.zeros_like`
  take the type of the inputs.
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
    return Gradients(loss.detach(), *torch.autograd.grad(loss, given))


def blocked_gradients(images, texts, t_prime, bias, block):
    N = len(images)
    given = (bias, images, texts, t_prime, bias)
    loss, image_grads, text_grads, t_grad, bias_grad = (
        torch.zeros(x.shape) for x in given
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
