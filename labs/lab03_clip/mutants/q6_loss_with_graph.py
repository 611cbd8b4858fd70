"""
question: q6
ko: >-
  돌려준 손실이 아직 그래프를 가지고 있습니다. 스텝마다 손실을 모아 두면 배치 전체의
  임베딩이 함께 메모리에 남습니다. `loss.detach()`를 돌려주세요.
en: >-
  The loss that you return still has its graph. Whoever collects the losses of the steps
  keeps the embeddings of whole batches in memory with them. Return `loss.detach()`.
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
    for tower, inputs, whole in (
        (image_tower, images, image),
        (text_tower, texts, text),
    ):
        for part, gradient in zip(inputs.split(chunk), whole.grad.split(chunk)):
            tower(part).backward(gradient)
    return loss
