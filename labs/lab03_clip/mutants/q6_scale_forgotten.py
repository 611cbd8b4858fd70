"""
question: q6
ko: >-
  배율을 그래프에서 떼었습니다. 배율이 기울기를 받지 못해 온도를 배우지 못합니다.
  2단계의 손실은 배율과 이어져 있어야 합니다.
en: >-
  The scale was cut off from the graph. It gets no gradient, so the temperature is
  never learned. The loss of pass 2 has to stay connected to the scale.
"""

import torch


def cached_backward(image_tower, text_tower, images, texts, logit_scale, chunk):
    with torch.no_grad():
        image = torch.cat([image_tower(part) for part in images.split(chunk)])
        text = torch.cat([text_tower(part) for part in texts.split(chunk)])
    image.requires_grad_()
    text.requires_grad_()
    loss = info_nce(compare(image, text, logit_scale.detach()))
    loss.backward()
    for tower, inputs, embeddings in (
        (image_tower, images, image),
        (text_tower, texts, text),
    ):
        for part, gradient in zip(inputs.split(chunk), embeddings.grad.split(chunk)):
            tower(part).backward(gradient)
    return loss.detach()
