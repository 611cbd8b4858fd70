"""
question: q1
ko: >-
  이미지와 글에 배율을 각각 곱했습니다. 내적에는 배율이 두 번 들어가 제곱이 됩니다.
  배율은 코사인에 한 번만 곱합니다.
en: >-
  Images and texts are multiplied by the scale separately. In their dot product it
  then counts twice, that is squared. The scale multiplies the cosine, and it does so
  only once.
"""

import torch.nn.functional as F


def unit(x):
    return F.normalize(x, dim=-1)


def compare(image, text, logit_scale):
    scale = logit_scale.exp()
    return (scale * unit(image)) @ (scale * unit(text)).T
