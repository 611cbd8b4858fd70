"""
question: q6
ko: >-
  이미지의 기울기를 글에, 글의 기울기를 이미지에 넘겼습니다. 두 임베딩의 모양이 같아서
  오류가 나지 않습니다. 기울기는 자기 임베딩으로 돌아가야 합니다.
en: >-
  The gradients of the images are handed to the text tower and those of the texts to
  the image tower. Both have the same shape, so no error tells you about it.
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
        (image_tower, images, text),
        (text_tower, texts, image),
    ):
        for part, gradient in zip(inputs.split(chunk), embeddings.grad.split(chunk)):
            tower(part).backward(gradient)
    return loss.detach()
