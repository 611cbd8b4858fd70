"""
question: q4
ko: >-
  그림의 기울기를 더하지 않고 스텝마다 덮어썼습니다. 그림은 모든 묶음의 글에서 기울기를
  받으므로 `+=`로 모아야 합니다.
en: >-
  The gradients of pictures are overwritten in each step instead of added. A picture
  gets gradients from the texts of all chunks, so gather them with `+=`.
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
    total = sum(len(chunk) for chunk in images)
    losses, t_grads, bias_grads = ([0.0] * len(images) for _ in range(3))
    image_grads = [torch.zeros_like(chunk) for chunk in images]
    parcels = [(chunk, torch.zeros_like(chunk)) for chunk in texts]
    for step in range(len(images)):
        for worker, (held, so_far) in enumerate(parcels):
            tile = tile_gradients(images[worker], held, t_prime, bias, step == 0, total)
            losses[worker] += tile.loss
            image_grads[worker] = tile.images
            t_grads[worker] += tile.t_prime
            bias_grads[worker] += tile.bias
            parcels[worker] = (held, so_far + tile.texts)
        parcels = ring(parcels)
    text_grads = [so_far for _, so_far in parcels]  # all parcels are home again
    shares = zip(losses, image_grads, text_grads, t_grads, bias_grads)
    return [Gradients(*share) for share in shares]
