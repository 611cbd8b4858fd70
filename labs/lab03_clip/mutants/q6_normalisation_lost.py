"""
question: q6
ko: >-
  길이를 맞춘 임베딩의 기울기를 길이를 맞추기 **전의** 임베딩에 넘겼습니다. 1단계와
  3단계의 임베딩은 같은 것이어야 합니다. 길이를 맞추는 일도 미분해야 합니다.
en: >-
  The gradients of embeddings of length 1 are handed to embeddings that were **not**
  normalised. Passes 1 and 3 must have the same thing in hand: making lengths 1 has a
  derivative, too.
"""

import torch


def cached_backward(image_tower, text_tower, images, texts, logit_scale, chunk):
    with torch.no_grad():
        image = unit(torch.cat([image_tower(p) for p in images.split(chunk)]))
        text = unit(torch.cat([text_tower(p) for p in texts.split(chunk)]))
    image.requires_grad_()
    text.requires_grad_()
    loss = info_nce(compare(image, text, logit_scale))
    loss.backward()
    for tower, inputs, embeddings in (
        (image_tower, images, image),
        (text_tower, texts, text),
    ):
        for part, gradient in zip(inputs.split(chunk), embeddings.grad.split(chunk)):
            tower(part).backward(gradient)
    return loss.detach()
