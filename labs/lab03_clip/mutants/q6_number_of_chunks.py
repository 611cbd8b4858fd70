"""
question: q6
ko: >-
  `tensor.chunk(n)`은 크기가 n인 조각이 아니라 조각 **n개**로 나눕니다. 쌍이 많으면
  조각이 `chunk`보다 커져서 메모리가 넘칩니다. 크기로 나누는 함수는 `split`입니다.
en: >-
  `tensor.chunk(n)` does not make chunks of size n but **n chunks**. With many pairs
  each of them is larger than `chunk`, and the memory overflows. The function that cuts
  by size is `split`.
"""

import torch


def cached_backward(image_tower, text_tower, images, texts, logit_scale, chunk):
    with torch.no_grad():
        image = torch.cat([image_tower(part) for part in images.chunk(chunk)])
        text = torch.cat([text_tower(part) for part in texts.chunk(chunk)])
    image.requires_grad_()
    text.requires_grad_()
    loss = info_nce(compare(image, text, logit_scale))
    loss.backward()
    for tower, inputs, whole in (
        (image_tower, images, image),
        (text_tower, texts, text),
    ):
        for part, gradient in zip(inputs.chunk(chunk), whole.grad.chunk(chunk)):
            tower(part).backward(gradient)
    return loss.detach()
