"""
question: q6
ko: >-
  반올림을 했습니다. 배율 s에서 그림은 sH줄보다 적은 줄에 들어갈 수 없으므로 올림을
  합니다. 반올림하면 격자가 규칙과 다르고 예산을 넘기도 합니다.
en: >-
  You round to the nearest number. At scale s a picture does not fit into fewer than sH
  rows, so round up. The nearest number gives other grids and sometimes exceeds the
  budget.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def naflex_grid(height, width, budget):
    scale = math.sqrt(budget / (height * width))
    rows, columns = round(scale * height), round(scale * width)
    return min(max(1, rows), budget), min(max(1, columns), budget)


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
