"""
question: q6
ko: >-
  인코더를 학습 모드로 바꾸고 그대로 두었습니다. 얼려 두려고 평가 모드로 넘긴 인코더의
  드롭아웃과 통계가 다시 움직입니다. 모드는 부른 쪽이 정합니다.
en: >-
  You put the towers into training mode and leave them there. Dropout and statistics of
  a tower that was given in evaluation mode, to be kept still, begin to move. The mode
  is up to the caller.
"""

import torch


def cached_backward(image_tower, text_tower, images, texts, logit_scale, chunk):
    image_tower.train()
    text_tower.train()
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
