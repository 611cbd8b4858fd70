"""
question: q6
ko: >-
  배율을 넓이에서 구한 다음 올림을 해서 예산을 넘었습니다. 줄과 칸을 모두 올림하면 곱이
  커집니다. 올림을 한 수로 예산을 확인해야 합니다.
en: >-
  You take the scale from the area and round up afterwards, which exceeds the budget.
  Rounding both rows and columns up makes their product larger: test the budget with the
  rounded numbers.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def naflex_grid(height, width, budget):
    scale = math.sqrt(budget / (height * width))
    return max(1, math.ceil(scale * height)), max(1, math.ceil(scale * width))


def naflex_batch(
    pictures: list[Tensor], patch: int, budget: int
) -> tuple[Tensor, Tensor]:
    tokens, mask = [], []
    for picture in pictures:
        rows, columns = naflex_grid(*picture.shape[1:], budget)
        row = cut(resize(picture, (rows * patch, columns * patch)), patch)
        row = row[:budget]
        tokens.append(F.pad(row, (0, 0, 0, budget - len(row))))
        mask.append(torch.arange(budget) < len(row))
    return torch.stack(tokens), torch.stack(mask)
