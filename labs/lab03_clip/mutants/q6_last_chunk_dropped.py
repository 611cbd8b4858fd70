"""
question: q6
ko: >-
  크기가 모자란 마지막 조각을 건너뛰었습니다. 손실에는 그 쌍들이 들어 있는데
  기울기에서는 빠졌습니다. 마지막 조각은 더 작을 수 있습니다.
en: >-
  The last chunk is skipped when it is smaller. Its pairs are in the loss, but their
  gradients are missing. The last chunk may be smaller and still counts.
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
            if len(part) == min(chunk, len(inputs)):
                tower(part).backward(gradient)
    return loss.detach()
