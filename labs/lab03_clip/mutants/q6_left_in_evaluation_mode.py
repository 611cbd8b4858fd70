"""
question: q6
ko: >-
  인코더를 평가 모드로 바꾸고 그대로 두었습니다. 뒤이은 학습에서 드롭아웃 같은 것이
  꺼집니다. 모드는 부른 쪽이 정합니다.
en: >-
  You put the towers into evaluation mode and leave them there. The training that
  follows goes on without dropout and the like. The mode is up to the caller.
"""

import torch


def cached_backward(image_tower, text_tower, images, texts, logit_scale, chunk):
    image_tower.eval()
    text_tower.eval()
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
            tower(part).backward(gradient)
    return loss.detach()
