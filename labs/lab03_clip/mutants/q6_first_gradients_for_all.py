"""
question: q6
ko: >-
  모든 조각에 첫 조각의 기울기를 넘겼습니다. 조각마다 자기 자리의 기울기가 필요합니다.
  입력과 기울기를 같은 순서로 나누어 짝지으세요.
en: >-
  All chunks are handed the gradients of the first chunk. Each needs those of its own
  place: split the inputs and the gradients in the same way, and go through them
  together.
"""

import torch


def cached_backward(image_tower, text_tower, images, texts, logit_scale, chunk):
    with torch.no_grad():
        image = torch.cat([image_tower(part) for part in images.split(chunk)])
        text = torch.cat([text_tower(part) for part in texts.split(chunk)])
    image.requires_grad_()
    text.requires_grad_()
    loss = info_nce(compare(image, text, logit_scale))
    loss.backward()
    for tower, inputs, embeddings in (
        (image_tower, images, image),
        (text_tower, texts, text),
    ):
        for part, gradient in zip(inputs.split(chunk), embeddings.grad.split(chunk)):
            tower(part).backward(embeddings.grad[: len(gradient)])
    return loss.detach()
