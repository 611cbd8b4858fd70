"""
question: q1
ko: >-
  `compare` 안에서 배율을 100으로 잘랐습니다. 100을 넘은 배율에는 기울기가 이어지지 않아
  다시 내려오지 못합니다. CLIP은 로짓을 셈할 때가 아니라 갱신한 뒤에
  매개변수를 자릅니다.
en: >-
  You cut the scale off at 100 inside `compare`. A scale above 100 then gets no gradient
  and cannot come down again. CLIP clips the parameter after an update, not the scale
  while the logits are computed.
"""

import torch.nn.functional as F


def unit(x):
    return F.normalize(x, dim=-1)


def compare(image, text, logit_scale):
    return logit_scale.exp().clamp(max=100) * unit(image) @ unit(text).T
