"""
question: q4
ko: >-
  마지막 스텝을 빠뜨렸습니다. 작업자가 P명이면 글의 묶음도 P개이니 P번 계산해야 모든
  글을 만납니다. 지금은 작업자마다 묶음 하나를 한 번도 보지 못합니다.
en: >-
  The last step is missing. With P workers there are P chunks of texts, and it takes P
  computations to meet them all. As it is, each worker never sees one of the chunks.
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
    for step in range(max(1, len(images) - 1)):
        for worker, (held, so_far) in enumerate(parcels):
            tile = tile_gradients(images[worker], held, t_prime, bias, step == 0, total)
            losses[worker] += tile.loss
            image_grads[worker] += tile.images
            t_grads[worker] += tile.t_prime
            bias_grads[worker] += tile.bias
            parcels[worker] = (held, so_far + tile.texts)
        parcels = ring(parcels)
    if len(images) > 1:
        parcels = ring(parcels)
    text_grads = [so_far for _, so_far in parcels]  # all parcels are home again
    shares = zip(losses, image_grads, text_grads, t_grads, bias_grads)
    return [Gradients(*share) for share in shares]
