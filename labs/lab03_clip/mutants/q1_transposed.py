"""
question: q1
ko: >-
  글이 행, 이미지가 열인 로짓을 돌려주었습니다. 약속은 이미지가 행입니다. 배치에서는
  모양이 정사각형이라 오류가 나지 않지만 "이미지가 글을 고르는" 방향이 뒤바뀝니다.
en: >-
  Your logits have texts in the rows and images in the columns. We agreed on images in
  the rows. In a batch the matrix is square and no error appears, but the directions
  are swapped.
"""

import torch.nn.functional as F


def unit(x):
    return F.normalize(x, dim=-1)


def compare(image, text, logit_scale):
    return logit_scale.exp() * unit(text) @ unit(image).T
