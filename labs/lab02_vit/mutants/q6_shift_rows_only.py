"""
question: q6
ko: >-
  행만 밀고 열은 밀지 않았습니다. 윈도우의 벽은 가로와 세로에 모두 있으므로 `dims=(1,
  2)`로 두 축을 함께 밀어야 합니다.
en: >-
  You moved the rows and not the columns. Windows have walls in both directions, so
  both axes have to be moved: `dims=(1, 2)`. With rows alone, the walls between left
  and right stay.
"""

import torch


def window_partition(x, window, shift=0):
    B, h, w, D = x.shape
    M = window
    x = torch.roll(x, -shift, dims=1)
    x = x.reshape(B, h // M, M, w // M, M, D).transpose(2, 3)
    return x.reshape(-1, M * M, D)


def window_reverse(windows, window, grid, shift=0):
    h, w = grid
    M, D = window, windows.shape[-1]
    x = windows.reshape(-1, h // M, w // M, M, M, D).transpose(2, 3)
    return torch.roll(x.reshape(-1, h, w, D), shift, dims=1)
