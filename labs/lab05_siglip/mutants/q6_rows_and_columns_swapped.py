"""
question: q6
ko: >-
  줄과 칸이 바뀌었습니다. 줄은 높이에서, 칸은 너비에서 나옵니다. 옆으로 긴 그림이
  위아래로 긴 격자에 들어가 찌그러집니다.
en: >-
  Rows and columns are swapped. Rows come from the height, columns from the width. A
  wide picture ends up in a high grid and is squeezed badly.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def naflex_grid(height: int, width: int, budget: int) -> tuple[int, int]:
    best = (0.0, 1, 1)  # scale in patches per pixel, rows, columns
    for count in range(1, budget + 1):
        by_rows = (count / height, count, -(-count * width // height))
        by_columns = (count / width, -(-count * height // width), count)
        for scale, rows, columns in (by_rows, by_columns):
            if rows * columns <= budget:
                best = max(best, (scale, rows, columns))
    return best[:0:-1]


def naflex_batch(
    pictures: list[Tensor], patch: int, budget: int
) -> tuple[Tensor, Tensor]:
    tokens, mask = [], []
    for picture in pictures:
        rows, columns = naflex_grid(*picture.shape[1:], budget)
        row = cut(resize(picture, (rows * patch, columns * patch)), patch)
        tokens.append(F.pad(row, (0, 0, 0, budget - len(row))))
        mask.append(torch.arange(budget) < len(row))
    return torch.stack(tokens), torch.stack(mask)
