"""
question: q4
ko: >-
  글을 넘기지 않고 자기 묶음만 계산했습니다. 그러면 작은 배치 P개를 따로 학습하는 것과
  같습니다. 짝이 아닌 글의 대부분은 다른 작업자에게 있습니다.
en: >-
  Only the own chunk is computed and nothing is handed on. That is like training P small
  batches side by side: most of the negative texts are with the other workers.
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
    for step in range(1):
        for worker, (held, so_far) in enumerate(parcels):
            tile = tile_gradients(images[worker], held, t_prime, bias, step == 0, total)
            losses[worker] += tile.loss
            image_grads[worker] += tile.images
            t_grads[worker] += tile.t_prime
            bias_grads[worker] += tile.bias
            parcels[worker] = (held, so_far + tile.texts)
    text_grads = [so_far for _, so_far in parcels]  # all parcels are home again
    shares = zip(losses, image_grads, text_grads, t_grads, bias_grads)
    return [Gradients(*share) for share in shares]
