"""
question: q4
ko: >-
  남의 글을 들었을 때도 대각선을 짝으로 셌습니다. 그림 i와 다른 묶음의 글 i는 번호만
  같을 뿐 아무 상관이 없습니다. 짝은 자기 글을 든 첫 스텝에만 있습니다.
en: >-
  The diagonal counts as positive for foreign texts, too. Picture i and text i of
  another chunk share nothing but their number. Positive pairs exist only in the first
  step, with the worker's own texts.
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
                len(held) == len(images[worker]),
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
