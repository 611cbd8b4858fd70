"""
question: q1
ko: >-
  길이로 그냥 나누었습니다. 길이가 0인 벡터에서는 0 나누기 0이 되어 NaN이 나오고,
  배치에 하나만 있어도 손실과 모든 가중치가 NaN이 됩니다. 길이에 작은 아래 끝을
  두세요.
en: >-
  You divide by the length without a lower bound. A vector of length 0 becomes 0 over
  0, which is NaN, and a single one in a batch turns the loss and all weights into
  NaN.
"""


def unit(x):
    return x / x.norm(dim=-1, keepdim=True)


def compare(image, text, logit_scale):
    return logit_scale.exp() * unit(image) @ unit(text).T
