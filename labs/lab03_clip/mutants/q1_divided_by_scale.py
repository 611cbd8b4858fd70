"""
question: q1
ko: >-
  배율로 나누었습니다. 나누는 것은 온도이고, 배율은 온도의 역수이므로 곱해야 합니다.
  나누면 로짓이 모두 0 가까이에 모여 소프트맥스가 평평해집니다.
en: >-
  You divide by the scale. What one divides by is the temperature; the scale is its
  inverse and is multiplied. After your division all logits lie near 0 and the softmax
  is flat.
"""

import torch.nn.functional as F


def unit(x):
    return F.normalize(x, dim=-1)


def compare(image, text, logit_scale):
    return unit(image) @ unit(text).T / logit_scale.exp()
