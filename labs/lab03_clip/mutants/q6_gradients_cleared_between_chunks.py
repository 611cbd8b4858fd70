"""
question: q6
ko: >-
  조각마다 인코더의 기울기를 지웠습니다. 그러면 마지막 조각의 기울기만 남습니다.
  기울기는 갱신하기 전에 한 번만 지우고 조각 사이에서는 쌓이게 두세요.
en: >-
  The gradients of the tower are cleared before each chunk, so only those of the last
  chunk are left. Clear them once for an update, and let the chunks add up.
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
            tower.zero_grad()
            tower(part).backward(gradient)
    return loss.detach()
