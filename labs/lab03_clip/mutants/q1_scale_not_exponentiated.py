"""
question: q1
ko: >-
  `logit_scale`을 그대로 곱했습니다. 매개변수에는 배율의 **로그**가 들어 있으므로
  지수를 취해야 합니다. 로그는 음수일 수도 있어서 그대로 곱하면 유사도의 순서가 뒤집힐
  수 있습니다.
en: >-
  You multiply by `logit_scale` as it is. The parameter holds the **logarithm** of the
  scale, so take its exponential. A logarithm can even be negative and would turn the
  order of the similarities around.
"""

import torch.nn.functional as F


def unit(x):
    return F.normalize(x, dim=-1)


def compare(image, text, logit_scale):
    return logit_scale * unit(image) @ unit(text).T
