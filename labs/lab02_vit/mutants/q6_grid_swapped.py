"""
question: q6
ko: >-
  되돌릴 때 격자의 행의 수와 열의 수를 바꾸었습니다. `grid`는 (행의 수, 열의
  수)입니다. 정사각형 지도에서는 드러나지 않지만, 옆으로 긴 지도는 부서집니다.
en: >-
  On the way back you swapped the rows and columns of the grid. `grid` is (rows,
  columns). With a square map nobody notices, but a wide one falls apart.
"""

import torch


def window_partition(x, window, shift=0):
    B, h, w, D = x.shape
    M = window
    x = torch.roll(x, (-shift, -shift), dims=(1, 2))
    x = x.reshape(B, h // M, M, w // M, M, D).transpose(2, 3)
    return x.reshape(-1, M * M, D)


def window_reverse(windows, window, grid, shift=0):
    w, h = grid
    M, D = window, windows.shape[-1]
    x = windows.reshape(-1, h // M, w // M, M, M, D).transpose(2, 3)
    return torch.roll(x.reshape(-1, h, w, D), (shift, shift), dims=(1, 2))
