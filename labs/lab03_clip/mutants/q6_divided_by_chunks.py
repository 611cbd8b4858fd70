"""
question: q6
ko: >-
  조각의 기울기를 조각의 수로 나누었습니다. 손실은 이미 배치 전체의 평균이고, 연쇄
  법칙에서 조각의 기울기는 **더해집니다**. 나누면 조각이 많을수록 학습률이 작아지는
  셈입니다.
en: >-
  The gradients are divided by the number of chunks. The loss is an average over the
  batch already, and by the chain rule the gradients of chunks **add up**. Dividing
  shrinks the learning rate.
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
            tower(part).backward(gradient / len(inputs.split(chunk)))
    return loss.detach()
