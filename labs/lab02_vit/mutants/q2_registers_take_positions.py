"""
question: q2
ko: >-
  레지스터까지 끼운 다음에 위치를 더했습니다. 그래서 레지스터가 패치의 행을 받습니다.
  레지스터는 이미지 안에 자리가 없으므로, 위치를 더한 **다음에** 끼워야 합니다.
en: >-
  You added positions after the registers were in, so the registers took the rows of
  patches. A register has no place in the image: put them in **after** the positions
  were added.
"""

import torch


def embed(patches, cls_token, pos_embed, registers=None):
    B, N, _ = patches.shape
    front = [cls_token.expand(B, -1, -1)]
    if registers is not None:
        front.append(registers.expand(B, -1, -1))
    x = torch.cat((*front, patches), dim=1)
    return torch.cat((x[:, : 1 + N] + pos_embed, x[:, 1 + N :]), dim=1)
