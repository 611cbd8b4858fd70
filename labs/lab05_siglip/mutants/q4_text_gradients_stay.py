"""
question: q4
ko: >-
  글의 기울기가 주인에게 돌아가지 않고 계산한 작업자에게 남았습니다. 기울기는 글과 함께
  짐에 넣어 돌려야 합니다. 지금은 남의 글의 기울기로 자기 글을 고칩니다.
en: >-
  The gradients of texts stay with the worker that computed them instead of going home.
  They must travel in the parcel with the texts. As it is, each worker corrects its
  texts with the gradients of others.
"""

import torch
from torch import Tensor


def _add(mine: Tensor, other: Tensor) -> Tensor:
    both = min(len(mine), len(other))
    return torch.cat((mine[:both] + other[:both], mine[both:]))


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
    text_grads = [torch.zeros_like(chunk) for chunk in texts]
    parcels = [(chunk, torch.zeros_like(chunk)) for chunk in texts]
    for step in range(len(images)):
        for worker, (held, so_far) in enumerate(parcels):
            tile = tile_gradients(images[worker], held, t_prime, bias, step == 0, total)
            losses[worker] += tile.loss
            image_grads[worker] += tile.images
            t_grads[worker] += tile.t_prime
            bias_grads[worker] += tile.bias
            text_grads[worker] = _add(text_grads[worker], tile.texts)
        parcels = ring(parcels)
    shares = zip(losses, image_grads, text_grads, t_grads, bias_grads)
    return [Gradients(*share) for share in shares]
