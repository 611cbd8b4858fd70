"""
question: q4
ko: >-
  표를 그림으로 바꿀 때 행의 수와 열의 수를 바꾸었습니다. 격자는 (행, 열) 순서이고
  래스터 순서의 목록은 `(h, w)`로 나눕니다. 정사각형 격자에서는 드러나지 않습니다.
en: >-
  You swapped rows and columns when turning the table into a picture. A grid is (rows,
  columns), and a list in raster order splits into `(h, w)`. With a square grid nobody
  notices.
"""

import torch
import torch.nn.functional as F


def resize_positions(pos_embed, old_grid, new_grid, prefix=1):
    first, table = pos_embed[:, :prefix], pos_embed[:, prefix:]
    picture = table.transpose(1, 2).unflatten(2, old_grid[::-1])
    picture = F.interpolate(picture, size=new_grid, mode="bicubic")
    return torch.cat((first, picture.flatten(2).transpose(1, 2)), dim=1)
