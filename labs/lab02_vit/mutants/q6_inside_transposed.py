"""
question: q6
ko: >-
  윈도우 안의 토큰을 열 순서로 늘어놓았습니다. 윈도우 안에서도 래스터 순서이므로 행
  하나를 다 적은 다음에 다음 행으로 갑니다.
en: >-
  Inside a window your tokens come in column order. They must be in raster order
  there, too: first all tokens of a row, then the next row.
"""

import torch


def window_partition(x, window, shift=0):
    B, h, w, D = x.shape
    M = window
    x = torch.roll(x, (-shift, -shift), dims=(1, 2))
    x = x.reshape(B, h // M, M, w // M, M, D).permute(0, 1, 3, 4, 2, 5)
    return x.reshape(-1, M * M, D)


def window_reverse(windows, window, grid, shift=0):
    h, w = grid
    M, D = window, windows.shape[-1]
    x = windows.reshape(-1, h // M, w // M, M, M, D).permute(0, 1, 4, 2, 3, 5)
    return torch.roll(x.reshape(-1, h, w, D), (shift, shift), dims=(1, 2))
