"""
question: q6
ko: >-
  비율을 버리고 정사각형 격자를 썼습니다. 그것은 보통의 SigLIP입니다. NaFlex는 그림의
  비율을 지키는 격자를 고릅니다.
en: >-
  The proportions are ignored and the grid is a square. That is the usual SigLIP. NaFlex
  chooses a grid with the proportions of the picture.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def naflex_grid(height, width, budget):
    side = math.isqrt(budget)
    return side, side


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
