"""
question: q1
ko: >-
  계산을 `torch.no_grad()` 안에서 했습니다. 로짓의 값은 맞지만 기울기가 임베딩에도
  배율에도 가지 않으므로, 이 로짓으로는 아무것도 학습시킬 수 없습니다.
en: >-
  You compute inside `torch.no_grad()`. The values of the logits are right, but no
  gradient reaches the embeddings or the scale, so nothing can ever be trained with
  these logits.
"""

import torch
import torch.nn.functional as F


def unit(x):
    return F.normalize(x, dim=-1)


@torch.no_grad()
def compare(image, text, logit_scale):
    return logit_scale.exp() * unit(image) @ unit(text).T
