"""
question: q4
ko: >-
  앞의 행을 표의 **뒤에** 붙였습니다. 토큰의 줄에서 CLS와 레지스터는 맨 앞에 있으므로,
  이렇게 하면 CLS가 첫 패치의 위치를 받습니다.
en: >-
  The front rows were put **behind** the table. CLS and registers stand at the start
  of the row of tokens, so CLS would now get the position of the first patch.
"""

import torch
import torch.nn.functional as F


def resize_positions(pos_embed, old_grid, new_grid, prefix=1):
    first, table = pos_embed[:, :prefix], pos_embed[:, prefix:]
    picture = table.transpose(1, 2).unflatten(2, old_grid)
    picture = F.interpolate(picture, size=new_grid, mode="bicubic")
    return torch.cat((picture.flatten(2).transpose(1, 2), first), dim=1)
