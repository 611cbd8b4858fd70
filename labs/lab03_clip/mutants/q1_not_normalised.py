"""
question: q1
ko: >-
  로짓을 계산할 때 길이를 맞추지 않았습니다. 내적은 임베딩이 길수록 커지므로, 글의
  내용과 상관없이 긴 글이 모든 이미지와 닮아 보입니다.
en: >-
  The logits are made of vectors whose lengths were never normalised. A dot product
  grows with the length of an embedding, so a long text seems to resemble all images,
  whatever it says.
"""

import torch.nn.functional as F


def unit(x):
    return F.normalize(x, dim=-1)


def compare(image, text, logit_scale):
    return logit_scale.exp() * image @ text.T
