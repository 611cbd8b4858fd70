"""
question: q6
ko: >-
  배율을 소수로 구해 다시 곱한 다음 올림했습니다. 7 / 25 · 25는 컴퓨터에서 7보다 조금
  커서 8로 올라가고, 알맞은 격자를 예산을 넘는다고 버립니다. 정수로 나누거나 올림하기
  전에 1e-9을 빼세요.
en: >-
  You compute the scale as a fraction, multiply it again and round up. For a computer 7
  / 25 · 25 is a little more than 7 and becomes 8, so the right grid seems to exceed the
  budget. Divide whole numbers, or subtract 1e-9 before you round up.
"""

import math

import torch
import torch.nn.functional as F


def naflex_grid(height, width, budget):
    best = (0.0, 1, 1)
    for count in range(1, budget + 1):
        for scale in (count / height, count / width):
            rows, columns = math.ceil(scale * height), math.ceil(scale * width)
            if rows * columns <= budget:
                best = max(best, (scale, rows, columns))
    return best[1:]


def naflex_batch(pictures, patch, budget):
    tokens, mask = [], []
    for picture in pictures:
        rows, columns = naflex_grid(*picture.shape[1:], budget)
        row = cut(resize(picture, (rows * patch, columns * patch)), patch)
        tokens.append(F.pad(row, (0, 0, 0, budget - len(row))))
        mask.append(torch.arange(budget) < len(row))
    return torch.stack(tokens), torch.stack(mask)
