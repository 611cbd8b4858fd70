"""
question: q6
ko: >-
  1단계의 임베딩을 그래프에서 떼지 않았습니다. 2단계의 `backward`가 이미 인코더까지
  가서 기울기를 더했고, 3단계에서 한 번 더 더했습니다. 기울기가 2배이고 메모리도
  아끼지 못합니다.
en: >-
  The embeddings of pass 1 are still tied to the towers. The `backward` of pass 2
  reaches them and adds the gradients, and pass 3 adds them again: they count twice,
  and no memory is saved.
"""

import torch


def cached_backward(image_tower, text_tower, images, texts, logit_scale, chunk):
    image = torch.cat([image_tower(part) for part in images.split(chunk)])
    text = torch.cat([text_tower(part) for part in texts.split(chunk)])
    image.retain_grad()
    text.retain_grad()
    loss = info_nce(compare(image, text, logit_scale))
    loss.backward()
    for tower, inputs, embeddings in (
        (image_tower, images, image),
        (text_tower, texts, text),
    ):
        for part, gradient in zip(inputs.split(chunk), embeddings.grad.split(chunk)):
            tower(part).backward(gradient)
    return loss.detach()
