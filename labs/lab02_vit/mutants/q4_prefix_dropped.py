"""
question: q4
ko: >-
  앞의 행을 다시 붙이지 않았습니다. 패치의 행만 돌려주면 행이 h'w'개뿐이라, CLS가 있는
  토큰의 줄에 더할 때 길이가 맞지 않습니다.
en: >-
  The front rows were not put back. You return only the rows of the patches, h'w' of
  them, and the lengths do not fit when they are added to a row of tokens that has a
  CLS.
"""

import torch.nn.functional as F


def resize_positions(pos_embed, old_grid, new_grid, prefix=1):
    table = pos_embed[:, prefix:]
    picture = table.transpose(1, 2).unflatten(2, old_grid)
    picture = F.interpolate(picture, size=new_grid, mode="bicubic")
    return picture.flatten(2).transpose(1, 2)
