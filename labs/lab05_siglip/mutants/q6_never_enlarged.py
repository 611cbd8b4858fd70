"""
question: q6
ko: >-
  작은 그림을 늘리지 않았습니다. NaFlex는 작은 그림도 예산을 채울 때까지 키웁니다.
  패치보다 작은 그림도 예산만큼의 토큰이 됩니다.
en: >-
  Small pictures are not enlarged. NaFlex scales them up until the budget is used, so
  that even a picture smaller than a patch turns into as many tokens as fit.
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
    return best[1:]


def naflex_batch(
    pictures: list[Tensor], patch: int, budget: int
) -> tuple[Tensor, Tensor]:
    tokens, mask = [], []
    for picture in pictures:
        rows, columns = naflex_grid(*picture.shape[1:], budget)
        if rows * patch > picture.shape[1]:
            rows = max(1, picture.shape[1] // patch)
            columns = max(1, min(picture.shape[2] // patch, budget // rows))
        row = cut(resize(picture, (rows * patch, columns * patch)), patch)
        tokens.append(F.pad(row, (0, 0, 0, budget - len(row))))
        mask.append(torch.arange(budget) < len(row))
    return torch.stack(tokens), torch.stack(mask)
