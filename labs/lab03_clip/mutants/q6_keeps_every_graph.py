"""
question: q6
ko: >-
  1단계에서 모든 조각의 그래프를 남기고 한꺼번에 `backward`를 했습니다. 기울기는
  맞지만 큰 배치와 똑같은 메모리를 씁니다. 줄이려던 것이 바로 그 메모리입니다.
en: >-
  Pass 1 keeps the graphs of all chunks, and a single `backward` goes through them.
  The gradients are right, but it takes as much memory as the large batch, which was
  the point.
"""

import torch


def cached_backward(image_tower, text_tower, images, texts, logit_scale, chunk):
    image = torch.cat([image_tower(part) for part in images.split(chunk)])
    text = torch.cat([text_tower(part) for part in texts.split(chunk)])
    loss = info_nce(compare(image, text, logit_scale))
    loss.backward()
    return loss.detach()
