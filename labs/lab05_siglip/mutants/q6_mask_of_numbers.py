"""
question: q6
ko: >-
  마스크를 1과 0의 실수로 만들었습니다. 어텐션은 실수 마스크를 점수에 **더하므로**
  패딩이 가려지지 않습니다. 참과 거짓으로 만드세요.
en: >-
  Your mask holds the numbers 1 and 0. An attention **adds** a mask of numbers to the
  scores, so nothing is hidden by it. Let the mask hold truth values, as the docstring
  says.
"""

import torch
import torch.nn.functional as F


def naflex_grid(height, width, budget):
    best = (0.0, 1, 1)
    for count in range(1, budget + 1):
        by_rows = (count / height, count, -(-count * width // height))
        by_columns = (count / width, -(-count * height // width), count)
        for scale, rows, columns in (by_rows, by_columns):
            if rows * columns <= budget:
                best = max(best, (scale, rows, columns))
    return best[1:]


def naflex_batch(pictures, patch, budget):
    tokens, mask = [], []
    for picture in pictures:
        rows, columns = naflex_grid(*picture.shape[1:], budget)
        row = cut(resize(picture, (rows * patch, columns * patch)), patch)
        tokens.append(F.pad(row, (0, 0, 0, budget - len(row))))
        mask.append((torch.arange(budget) < len(row)).float())
    return torch.stack(tokens), torch.stack(mask)
