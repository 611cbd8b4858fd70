"""
question: q4
ko: >-
  격자로 되돌리지 않고 목록을 1차원으로 늘렸습니다. 모양은 맞지만 한 줄의 끝과 다음
  줄의 처음이 섞여서, 어느 자리가 어느 자리의 이웃인지가 무너집니다. 표를 `(1, D, h,
  w)` 그림으로 바꾼 다음에 보간하세요.
en: >-
  You stretched the list in 1 dimension and never turned it back into a grid. The
  shape fits, but the end of a row mixes with the start of the next one, and the order
  of neighbours falls apart. Make a `(1, D, h, w)` picture first, then interpolate.
"""

import torch
import torch.nn.functional as F


def resize_positions(pos_embed, old_grid, new_grid, prefix=1):
    first, table = pos_embed[:, :prefix], pos_embed[:, prefix:]
    size = new_grid[0] * new_grid[1]
    table = F.interpolate(table.transpose(1, 2), size=size, mode="linear")
    return torch.cat((first, table.transpose(1, 2)), dim=1)
