"""
question: q4
ko: >-
  쌍일차(bilinear) 보간을 썼습니다. 이 문항의 약속은 쌍삼차(bicubic)입니다. 둘은
  비슷해 보이지만, 쌍삼차는 둘레의 4 × 4칸을 쓰고 양 끝을 조금 넘어갑니다.
en: >-
  This is bilinear interpolation; we agreed on bicubic. They look alike, but bicubic
  interpolation uses the 4 × 4 cells around a place and overshoots a little at the
  ends.
"""

import torch
import torch.nn.functional as F


def resize_positions(pos_embed, old_grid, new_grid, prefix=1):
    first, table = pos_embed[:, :prefix], pos_embed[:, prefix:]
    picture = table.transpose(1, 2).unflatten(2, old_grid)
    picture = F.interpolate(picture, size=new_grid, mode="bilinear")
    return torch.cat((first, picture.flatten(2).transpose(1, 2)), dim=1)
