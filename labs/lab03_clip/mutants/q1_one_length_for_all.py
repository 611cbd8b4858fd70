"""
question: q1
ko: >-
  행렬 전체를 길이 하나로 나누었습니다. 벡터마다 자기 길이로 나누어야 길이가 1이
  됩니다. `norm`에 `dim=-1`과 `keepdim=True`가 필요합니다.
en: >-
  The whole matrix is divided by a single length. Each vector has to be divided by its
  own one to get length 1: `norm` needs `dim=-1` and `keepdim=True` for that.
"""


def unit(x):
    return x / x.norm().clamp_min(1e-12)


def compare(image, text, logit_scale):
    return logit_scale.exp() * unit(image) @ unit(text).T
