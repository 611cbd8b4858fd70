"""
question: q1
ko: >-
  `math.exp`가 `logit_scale`을 보통 수로 바꾸었습니다. 로짓의 값은 맞지만 배율까지 가는
  기울기가 끊겨서, 학습을 아무리 오래 해도 배율은 시작값에 머뭅니다.
  `logit_scale.exp()`를 쓰세요.
en: >-
  `math.exp` turns `logit_scale` into a plain number. The logits are right, but no
  gradient reaches the scale any more, so it stays where it started however long you
  train. Use `logit_scale.exp()`.
"""

import math

import torch.nn.functional as F


def unit(x):
    return F.normalize(x, dim=-1)


def compare(image, text, logit_scale):
    return math.exp(logit_scale) * unit(image) @ unit(text).T
