"""
question: q6
ko: >-
  글 인코더가 기울기를 받지 못했습니다. 3단계를 이미지에만 했습니다. 오류는 나지 않고
  글 인코더가 배우지 않을 뿐입니다.
en: >-
  The text tower gets no gradient: pass 3 is done for the images alone. No error tells
  you about it; the text tower just never learns anything at all.
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
    for tower, inputs, embeddings in ((image_tower, images, image),):
        for part, gradient in zip(inputs.split(chunk), embeddings.grad.split(chunk)):
            tower(part).backward(gradient)
    return loss.detach()
