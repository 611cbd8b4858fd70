"""
question: q2
ko: >-
  레지스터를 패치 **뒤에** 붙였습니다. 순서는 CLS, 레지스터, 패치입니다. 앞의 R개를
  빼고 패치만 꺼내는 코드가 레지스터를 패치로 알고 첫 패치들을 버리게 됩니다.
en: >-
  The registers stand **behind** the patches. The order is CLS, registers, patches.
  Code that skips the first R tokens to get the patches would take registers for
  patches and throw the first patches away.
"""

import torch


def embed(patches, cls_token, pos_embed, registers=None):
    B = patches.shape[0]
    x = torch.cat((cls_token.expand(B, -1, -1), patches), dim=1) + pos_embed
    if registers is None:
        return x
    return torch.cat((x, registers.expand(B, -1, -1)), dim=1)
