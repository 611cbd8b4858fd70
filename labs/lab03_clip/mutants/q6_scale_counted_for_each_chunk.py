"""
question: q6
ko: >-
  조각마다 배치 전체의 손실에서 다시 `backward`를 했습니다. 인코더의 기울기는 맞지만
  배율의 기울기가 조각의 수만큼 거듭 더해집니다.
en: >-
  For each chunk you call `backward` from the loss of the whole batch. The gradients
  of the towers are right, but that of the scale is added again with each chunk.
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
    image.grad = text.grad = logit_scale.grad = None
    starts = range(0, len(images), chunk)
    for start, some, words in zip(starts, images.split(chunk), texts.split(chunk)):
        rows = slice(start, start + chunk)
        for tower, part, cached in ((image_tower, some, 0), (text_tower, words, 1)):
            both = [image.detach().clone(), text.detach().clone()]
            both[cached][rows] = tower(part)
            info_nce(compare(*both, logit_scale)).backward()
    return loss.detach()
