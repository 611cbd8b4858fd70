"""
question: q4
ko: >-
  격자가 정사각형이라고 여기고 행의 수의 제곱근을 썼습니다. 정사각형이 아닌 격자에서는
  목록을 나눌 수 없어 오류가 나거나, 나뉘더라도 이웃이 뒤섞입니다. `old_grid`를
  쓰세요.
en: >-
  You took the square root of the number of rows, as if grids were always square.
  Other grids cannot be split that way and raise an error, or they split and
  neighbours get mixed up. Use `old_grid`.
"""

import torch
import torch.nn.functional as F


def resize_positions(pos_embed, old_grid, new_grid, prefix=1):
    first, table = pos_embed[:, :prefix], pos_embed[:, prefix:]
    side = int(table.shape[1] ** 0.5)
    picture = table.transpose(1, 2).reshape(1, -1, side, side)
    picture = F.interpolate(picture, size=new_grid, mode="bicubic")
    return torch.cat((first, picture.flatten(2).transpose(1, 2)), dim=1)
