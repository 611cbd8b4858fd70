"""
question: q4
ko: >-
  새 격자의 행의 수와 열의 수를 바꾸었습니다. `F.interpolate`의 `size`는 (높이,
  너비)이므로 `new_grid`를 그대로 넣으면 됩니다. 정사각형 격자에서는 드러나지
  않습니다.
en: >-
  You swapped rows and columns of the new grid. The `size` of `F.interpolate` is
  (height, width), so pass `new_grid` as it is. With a square grid nobody notices.
"""

import torch
import torch.nn.functional as F


def resize_positions(pos_embed, old_grid, new_grid, prefix=1):
    first, table = pos_embed[:, :prefix], pos_embed[:, prefix:]
    picture = table.transpose(1, 2).unflatten(2, old_grid)
    picture = F.interpolate(picture, size=new_grid[::-1], mode="bicubic")
    return torch.cat((first, picture.flatten(2).transpose(1, 2)), dim=1)
