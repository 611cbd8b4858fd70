"""
question: q4
ko: >-
  전체의 N이 아니라 자기 묶음의 크기로 나누었습니다. 몫을 더하면 손실이 작업자의 수만큼
  부풀려집니다. 묶음의 크기가 다르면 평균을 해도 맞지 않습니다.
en: >-
  You divide by the size of the own chunk, not by N of the whole batch. Added up, the
  loss is inflated by the number of workers; with chunks of different sizes not even an
  average mends it.
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
            tile = tile_gradients(
                images[worker], held, t_prime, bias, step == 0, len(images[worker])
            )
            losses[worker] += tile.loss
            image_grads[worker] += tile.images
            t_grads[worker] += tile.t_prime
            bias_grads[worker] += tile.bias
            parcels[worker] = (held, so_far + tile.texts)
        parcels = ring(parcels)
    text_grads = [so_far for _, so_far in parcels]  # all parcels are home again
    shares = zip(losses, image_grads, text_grads, t_grads, bias_grads)
    return [Gradients(*share) for share in shares]
