"""
question: q6
ko: >-
  크기를 (줄, 칸) 픽셀로 바꾸었습니다. 줄과 칸은 패치의 수이므로 패치의 크기를 곱해야
  픽셀이 됩니다.
en: >-
  The picture is resized to (rows, columns) pixels. Rows and columns count patches;
  multiply them by the size of a patch to get pixels.
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
        row = cut(
            resize(
                picture,
                (
                    max(rows, patch) // patch * patch,
                    max(columns, patch) // patch * patch,
                ),
            ),
            patch,
        )
        tokens.append(F.pad(row, (0, 0, 0, budget - len(row))))
        mask.append(torch.arange(budget) < len(row))
    return torch.stack(tokens), torch.stack(mask)
