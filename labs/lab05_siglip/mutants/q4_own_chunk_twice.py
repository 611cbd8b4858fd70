"""
question: q4
ko: >-
  자기 묶음을 2번 셌습니다. P번 넘기면 짐이 집에 돌아오는데 그것을 또 계산했습니다.
  계산은 P번이고, 마지막 넘기기는 기울기를 주인에게 돌려주기만 합니다.
en: >-
  The own chunk is counted twice. After P hand-overs the parcel is home again, and you
  computed it once more. There are P computations; the last hand-over only brings the
  gradients home.
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
    for step in range(len(images) + 1):
        for worker, (held, so_far) in enumerate(parcels):
            tile = tile_gradients(
                images[worker], held, t_prime, bias, step in (0, len(images)), total
            )
            losses[worker] += tile.loss
            image_grads[worker] += tile.images
            t_grads[worker] += tile.t_prime
            bias_grads[worker] += tile.bias
            parcels[worker] = (held, so_far + tile.texts)
        if step < len(images):
            parcels = ring(parcels)
    text_grads = [so_far for _, so_far in parcels]  # all parcels are home again
    shares = zip(losses, image_grads, text_grads, t_grads, bias_grads)
    return [Gradients(*share) for share in shares]
