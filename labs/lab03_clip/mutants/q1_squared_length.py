"""
question: q1
ko: >-
  길이의 제곱으로 나누었습니다. 제곱의 합에서 제곱근을 잊은 것입니다. 길이가 5인
  벡터는 길이가 0.2가 되어, 긴 벡터일수록 오히려 짧아집니다.
en: >-
  You divide by the square of the length: the root of the sum of squares is missing. A
  vector of length 5 gets the length 0.2, so the longer a vector was, the shorter it
  becomes.
"""


def unit(x):
    return x / x.square().sum(dim=-1, keepdim=True).clamp_min(1e-12)


def compare(image, text, logit_scale):
    return logit_scale.exp() * unit(image) @ unit(text).T
