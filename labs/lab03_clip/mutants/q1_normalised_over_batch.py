"""
question: q1
ko: >-
  첫 축에서 길이를 맞추었습니다. 그러면 벡터마다가 아니라 성분마다, 배치 전체에 걸쳐
  길이가 1이 됩니다. 같은 이미지의 임베딩이 배치에 누가 있느냐에 따라 달라집니다.
en: >-
  You normalise along the first axis. Then it is not each vector that has length 1,
  but each entry over the whole batch, and the embedding of an image depends on who
  else is there.
"""

import torch.nn.functional as F


def unit(x):
    return F.normalize(x, dim=0)


def compare(image, text, logit_scale):
    return logit_scale.exp() * unit(image) @ unit(text).T
