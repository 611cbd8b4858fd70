"""
question: q1
ko: >-
  이미지의 길이만 맞추고 글은 그대로 두었습니다. 그러면 임베딩이 긴 글이 모든
  이미지에서 높은 점수를 받습니다. 양쪽의 길이를 모두 1로 맞추세요.
en: >-
  Only the images have length 1, the texts are as they were. A text with a long
  embedding then gets a high score from all images. Both sides need length 1.
"""

import torch.nn.functional as F


def unit(x):
    return F.normalize(x, dim=-1)


def compare(image, text, logit_scale):
    return logit_scale.exp() * unit(image) @ text.T
