"""
question: q6
ko: >-
  크기를 바꾸는 대신 왼쪽 위를 오려 냈습니다. NaFlex는 그림 전체를 줄이거나 늘립니다.
  오려 내면 물체가 그림 밖으로 나갑니다.
en: >-
  You cut out the upper left corner instead of resizing. NaFlex scales the whole
  picture; cropping throws parts of it away, and objects with them.
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


def _corner(picture: Tensor, height: int, width: int) -> Tensor:
    C, H, W = picture.shape
    missing = (0, max(0, width - W), 0, max(0, height - H))
    return F.pad(picture, missing)[:, :height, :width]


def naflex_batch(
    pictures: list[Tensor], patch: int, budget: int
) -> tuple[Tensor, Tensor]:
    tokens, mask = [], []
    for picture in pictures:
        rows, columns = naflex_grid(*picture.shape[1:], budget)
        row = cut(_corner(picture, rows * patch, columns * patch), patch)
        tokens.append(F.pad(row, (0, 0, 0, budget - len(row))))
        mask.append(torch.arange(budget) < len(row))
    return torch.stack(tokens), torch.stack(mask)
