"""
question: q6
ko: >-
  올림 대신 버림을 했습니다. 예산은 지키지만 규칙과 다른 격자이고, 공개된 모델이 본 적이
  없는 자리에 패치가 놓입니다. 줄과 칸은 올림하고, 배율은 예산 안에서 가장 큰 것을
  찾습니다.
en: >-
  You round down. The budget holds, but it is another grid than the rule's, with patches
  where the published models never had any. Round rows and columns up and search for the
  largest scale.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def naflex_grid(height, width, budget):
    scale = math.sqrt(budget / (height * width))
    rows = max(1, math.floor(scale * height + 1e-9))
    columns = max(1, math.floor(scale * width + 1e-9))
    return min(rows, budget), min(columns, budget)


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
