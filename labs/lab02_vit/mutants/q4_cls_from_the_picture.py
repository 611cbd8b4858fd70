"""
question: q4
ko: >-
  앞의 행을 원래의 표가 아니라 **보간한 표**에서 가져왔습니다. 그래서 CLS의 행이 왼쪽
  위 패치의 값으로 바뀌었습니다. 앞의 `prefix`개 행은 보간하기 전에 떼어 두었다가
  그대로 붙여야 합니다.
en: >-
  The front rows come from the **interpolated** table and not from the original one,
  so the row of CLS has become that of the patch at the upper left. Set the first
  `prefix` rows aside before interpolating, and put them back as they are.
"""

import torch
import torch.nn.functional as F


def resize_positions(pos_embed, old_grid, new_grid, prefix=1):
    table = pos_embed[:, prefix:]
    picture = table.transpose(1, 2).unflatten(2, old_grid)
    picture = F.interpolate(picture, size=new_grid, mode="bicubic")
    table = picture.flatten(2).transpose(1, 2)
    return torch.cat((table[:, :prefix], table), dim=1)
