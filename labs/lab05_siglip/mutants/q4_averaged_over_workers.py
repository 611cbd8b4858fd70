"""
question: q4
ko: >-
  몫을 작업자의 수로 한 번 더 나누었습니다. 이미 전체의 N으로 나누었으니 몫의 합이
  전체의 손실입니다.
en: >-
  The shares are divided once more by the number of workers. They have been divided by N
  of the whole batch already, so that their sum is the loss of the batch.
"""

import torch
from torch import Tensor


def ring_gradients(
    images: list[Tensor],
    texts: list[Tensor],
    t_prime: Tensor,
    bias: Tensor,
    ring: Ring,
) -> list[Gradients]:
    total = len(images) * sum(len(chunk) for chunk in images)
    losses, t_grads, bias_grads = ([0.0] * len(images) for _ in range(3))
    image_grads = [torch.zeros_like(chunk) for chunk in images]
    parcels = [(chunk, torch.zeros_like(chunk)) for chunk in texts]
    for step in range(len(images)):
        for worker, (held, so_far) in enumerate(parcels):
            tile = tile_gradients(images[worker], held, t_prime, bias, step == 0, total)
            losses[worker] += tile.loss
            image_grads[worker] += tile.images
            t_grads[worker] += tile.t_prime
            bias_grads[worker] += tile.bias
            parcels[worker] = (held, so_far + tile.texts)
        parcels = ring(parcels)
    text_grads = [so_far for _, so_far in parcels]  # all parcels are home again
    shares = zip(losses, image_grads, text_grads, t_grads, bias_grads)
    return [Gradients(*share) for share in shares]
