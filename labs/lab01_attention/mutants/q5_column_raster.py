"""
question: q5
ko: >-
  표의 행이 위에서 아래로 먼저 나갑니다. 래스터 순서에서는 열 번호가 빠르게 바뀝니다:
  0행 0열, 0행 1열, …. `repeat`과 `repeat_interleave`가 서로 바뀌었거나 `meshgrid`의
  `indexing`이 "xy"입니다.
en: >-
  The rows of your table run down the grid first. In raster order the column changes
  fastest: row 0 column 0, row 0 column 1, …. `repeat` and `repeat_interleave` are
  swapped, or `indexing` of `meshgrid` is "xy".
"""

import torch


def sincos_2d(grid, width, temperature=10_000.0):
    h, w = grid
    n = width // 4
    omega = temperature ** (-torch.arange(n, dtype=torch.float64) / n)
    y = torch.arange(h, dtype=torch.float64).repeat(w)
    x = torch.arange(w, dtype=torch.float64).repeat_interleave(h)
    angle_x, angle_y = x[:, None] * omega, y[:, None] * omega
    waves = angle_x.sin(), angle_x.cos(), angle_y.sin(), angle_y.cos()
    return torch.cat(waves, dim=1).float()


def add_cls_and_positions(tokens, cls_token, pos):
    cls = cls_token.expand(tokens.shape[0], -1, -1)
    return torch.cat((cls, tokens + pos), dim=1)
