"""
question: q6
ko: >-
  3단계에서 조각의 그래프를 모두 만들어 놓고 마지막에 `backward`를 했습니다. 기울기는
  맞지만 그래프가 모두 동시에 살아 있어서 메모리를 아끼지 못합니다. 조각마다 바로
  `backward`를 부르세요.
en: >-
  Pass 3 first makes the graphs of all chunks and calls `backward` at the end. The
  gradients are right, but all graphs live at the same time. Call `backward` after
  each chunk.
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
        torch.cat([tower(part) for part in inputs.split(chunk)]).backward(
            embeddings.grad
        )
    return loss.detach()
