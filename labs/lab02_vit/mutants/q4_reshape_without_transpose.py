"""
question: q4
ko: >-
  채널을 앞으로 옮기지 않고 `reshape`로 모양만 맞추었습니다. 그러면 채널마다 자기
  그림을 가지는 것이 아니라, 여러 채널의 숫자가 한 그림에 섞입니다. 먼저 `transpose(1,
  2)`가 필요합니다.
en: >-
  You got the shape right with `reshape` and did not move the channels to the front.
  So no channel has a picture of its own: numbers of several channels are mixed in
  each. `transpose(1, 2)` comes first.
"""

import torch
import torch.nn.functional as F


def resize_positions(pos_embed, old_grid, new_grid, prefix=1):
    first, table = pos_embed[:, :prefix], pos_embed[:, prefix:]
    D = table.shape[2]
    picture = table.reshape(1, D, *old_grid)
    picture = F.interpolate(picture, size=new_grid, mode="bicubic")
    return torch.cat((first, picture.flatten(2).transpose(1, 2)), dim=1)
