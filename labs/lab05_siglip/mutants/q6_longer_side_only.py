"""
question: q6
ko: >-
  긴 쪽에 예산의 제곱근만큼을 주었습니다. 그러면 길쭉한 그림일수록 토큰을 적게 써서
  예산이 남습니다. 예산은 줄과 칸의 곱에 걸려 있습니다.
en: >-
  The longer side gets the square root of the budget. The longer the picture, the fewer
  tokens it uses, and the budget is wasted. It limits the product of rows and columns.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def naflex_grid(height, width, budget):
    scale = math.isqrt(budget) / max(height, width)
    return max(1, math.ceil(scale * height)), max(1, math.ceil(scale * width))


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
