"""
question: q2
ko: >-
  CLS가 없습니다. 패치에 위치만 더했기 때문에, 이미지 전체를 요약할 자리가 없습니다.
  패치 앞에 CLS를 붙이고 나서 위치 임베딩을 더하세요.
en: >-
  There is no CLS. You only added positions to the patches, so no token is left to
  gather a summary of the image. Put CLS in front of the patches, then add the
  position embedding.
"""

import torch


def embed(patches, cls_token, pos_embed, registers=None):
    B = patches.shape[0]
    x = patches + pos_embed[:, 1:]
    if registers is None:
        return x
    return torch.cat((registers.expand(B, -1, -1), x), dim=1)
