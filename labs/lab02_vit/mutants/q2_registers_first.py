"""
question: q2
ko: >-
  레지스터를 CLS **앞에** 끼웠습니다. 순서는 CLS, 레지스터, 패치입니다. 맨 앞의 토큰을
  꺼내는 코드가 CLS 대신 메모지를 꺼내게 됩니다.
en: >-
  The registers stand **in front of** CLS. The order is CLS, registers, patches. Code
  that takes the first token would get scratch paper instead of CLS.
"""

import torch


def embed(patches, cls_token, pos_embed, registers=None):
    B = patches.shape[0]
    x = torch.cat((cls_token.expand(B, -1, -1), patches), dim=1) + pos_embed
    if registers is None:
        return x
    return torch.cat((registers.expand(B, -1, -1), x), dim=1)
