"""
question: q2
ko: >-
  CLS를 배치 크기만큼 늘리지 않았습니다. 이미지가 1장이면 우연히 맞지만, 여러 장이면
  `torch.cat`이 배치 크기가 다르다며 오류를 냅니다. `cls_token.expand(B, -1, -1)`을
  쓰세요.
en: >-
  CLS was not expanded to the batch. With a single image it happens to fit; with
  several, `torch.cat` complains that the batch sizes differ. Use `cls_token.expand(B,
  -1, -1)`.
"""

import torch


def embed(patches, cls_token, pos_embed, registers=None):
    x = torch.cat((cls_token, patches), dim=1) + pos_embed
    if registers is None:
        return x
    return torch.cat((x[:, :1], registers, x[:, 1:]), dim=1)
