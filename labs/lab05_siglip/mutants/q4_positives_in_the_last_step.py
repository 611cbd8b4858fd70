"""
question: q4
ko: >-
  짝을 마지막 스텝에서 셌습니다. 넘기기 전에는 자기 글을 들고 있으므로 짝은 첫 스텝에
  있습니다. 마지막 스텝의 글은 옆 작업자의 것입니다.
en: >-
  Positive pairs are counted in the last step. Before anything is handed on, each worker
  holds its own texts, so they are in the first step. The texts of the last step are a
  neighbour's.
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
                images[worker],
                held,
                t_prime,
                bias,
                step == len(images) - 1 and len(held) == len(images[worker]),
                total,
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
