"""
question: q4
ko: >-
  `antialias=True`를 썼습니다. `timm`의 약속이지만 이 문항의 약속은 아닙니다.
  PyTorch에서는 줄일 때뿐 아니라 늘릴 때도 커널이 달라져서, 손으로 푼 예가 -0.1055가
  아니라 -0.0882이 됩니다.
en: >-
  You set `antialias=True`, which is the convention of `timm`, not that of this
  question. In PyTorch it changes the kernel not only where the table shrinks but also
  where it grows: the example by hand gives -0.0882 instead of -0.1055.
"""

import torch
import torch.nn.functional as F


def resize_positions(pos_embed, old_grid, new_grid, prefix=1):
    first, table = pos_embed[:, :prefix], pos_embed[:, prefix:]
    picture = table.transpose(1, 2).unflatten(2, old_grid)
    picture = F.interpolate(picture, size=new_grid, mode="bicubic", antialias=True)
    return torch.cat((first, picture.flatten(2).transpose(1, 2)), dim=1)
