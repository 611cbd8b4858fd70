"""
question: q6
ko: >-
  시작하면서 `.grad`를 지웠습니다. `backward`는 있던 기울기에 **더하는** 함수이고,
  기울기를 지우는 것은 학습 반복문의 일입니다. 지우면 앞서 더해 둔 기울기가 사라집니다.
en: >-
  You clear `.grad` at the start. A `backward` **adds** to what is there, and clearing
  is the business of the training loop. Gradients that somebody had collected before the
  call are lost.
"""

import torch


def cached_backward(image_tower, text_tower, images, texts, logit_scale, chunk):
    image_tower.zero_grad()
    text_tower.zero_grad()
    logit_scale.grad = None
    with torch.no_grad():
        image = torch.cat([image_tower(part) for part in images.split(chunk)])
        text = torch.cat([text_tower(part) for part in texts.split(chunk)])
    image.requires_grad_()
    text.requires_grad_()
    loss = info_nce(compare(image, text, logit_scale))
    loss.backward()
    for tower, inputs, whole in (
        (image_tower, images, image),
        (text_tower, texts, text),
    ):
        for part, gradient in zip(inputs.split(chunk), whole.grad.split(chunk)):
            tower(part).backward(gradient)
    return loss.detach()
