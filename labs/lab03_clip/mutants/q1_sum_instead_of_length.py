"""
question: q1
ko: >-
  유클리드 길이 대신 절댓값의 합으로 나누었습니다. 그러면 자기 자신과의 내적이 1이
  아니고 방향에 따라 달라져서 코사인이 되지 않습니다.
en: >-
  You divide by the sum of the absolute values, not by the Euclidean length. The dot
  product of a vector with itself is then not 1 and depends on its direction, so it is
  no cosine.
"""

import torch.nn.functional as F


def unit(x):
    return F.normalize(x, p=1, dim=-1)


def compare(image, text, logit_scale):
    return logit_scale.exp() * unit(image) @ unit(text).T
