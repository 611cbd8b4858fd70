"""
question: q1
ko: >-
  로짓에 소프트맥스까지 했습니다. 소프트맥스는 손실이 합니다. 두 번 하면 점수가 모두
  0과 1 사이에 갇혀 손실이 내려가지 못합니다.
en: >-
  You also take the softmax of the logits. That is the business of the loss. Taken
  twice, it shuts all scores up between 0 and 1, and the loss can no longer fall.
"""

import torch.nn.functional as F


def unit(x):
    return F.normalize(x, dim=-1)


def compare(image, text, logit_scale):
    logits = logit_scale.exp() * unit(image) @ unit(text).T
    return logits.softmax(dim=-1)
