"""
question: q4
ko: >-
  지금 든 글이 자기 글인지를 값으로 견주었습니다. 두 작업자가 똑같은 캡션을 가지면 남의
  글에서도 대각선을 짝으로 셉니다. 자기 글을 드는 것은 첫 스텝뿐입니다.
en: >-
  You compare values to see whether the texts are the worker's own. If two workers have
  the same captions, the diagonal counts as positive for foreign texts, too. A worker
  holds its own texts in the first step only.
"""

import torch


def ring_gradients(images, texts, t_prime, bias, ring):
    total = sum(len(chunk) for chunk in images)
    losses, t_grads, bias_grads = ([0.0] * len(images) for _ in range(3))
    image_grads = [torch.zeros_like(chunk) for chunk in images]
    parcels = [(chunk, torch.zeros_like(chunk)) for chunk in texts]
    for _ in images:
        for worker, (held, so_far) in enumerate(parcels):
            own = torch.equal(held, texts[worker])
            tile = tile_gradients(images[worker], held, t_prime, bias, own, total)
            losses[worker] += tile.loss
            image_grads[worker] += tile.images
            t_grads[worker] += tile.t_prime
            bias_grads[worker] += tile.bias
            parcels[worker] = (held, so_far + tile.texts)
        parcels = ring(parcels)
    text_grads = [so_far for _, so_far in parcels]
    shares = zip(losses, image_grads, text_grads, t_grads, bias_grads)
    return [Gradients(*share) for share in shares]
