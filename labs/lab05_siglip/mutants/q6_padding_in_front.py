"""
question: q6
ko: >-
  패딩을 앞에 붙였습니다. 진짜 토큰이 먼저이고 패딩은 뒤에 옵니다. 위치 임베딩은
  앞에서부터 차례로 더하기 때문입니다.
en: >-
  The padding stands in front. Real tokens come first and padding behind them, because
  position embeddings are added in order from the start.
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
        row = cut(resize(picture, (rows * patch, columns * patch)), patch)
        tokens.append(F.pad(row, (0, 0, budget - len(row), 0)))
        mask.append(torch.arange(budget) < len(row))
    return torch.stack(tokens), torch.stack(mask)
