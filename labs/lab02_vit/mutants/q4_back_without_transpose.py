"""
question: q4
ko: >-
  보간한 그림을 목록으로 되돌릴 때 축을 바꾸지 않고 `reshape`만 했습니다. `(1, D, h',
  w')`에서 채널을 맨 뒤로 옮긴 다음에 펴야 `(1, h'w', D)`의 행 하나가 자리 하나가
  됩니다.
en: >-
  On the way back to a list you only used `reshape` and swapped no axes. Move the
  channels of `(1, D, h', w')` to the end first; only then is a row of `(1, h'w', D)`
  a place.
"""

import torch
import torch.nn.functional as F


def resize_positions(pos_embed, old_grid, new_grid, prefix=1):
    first, table = pos_embed[:, :prefix], pos_embed[:, prefix:]
    picture = table.transpose(1, 2).unflatten(2, old_grid)
    picture = F.interpolate(picture, size=new_grid, mode="bicubic")
    table = picture.reshape(1, -1, table.shape[2])
    return torch.cat((first, table), dim=1)
