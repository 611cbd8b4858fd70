"""
question: q6
ko: >-
  윈도우를 열 순서로 늘어놓았습니다: 위에서 아래로, 그다음 오른쪽으로. 윈도우는 래스터
  순서이므로 왼쪽에서 오른쪽으로, 그다음 아래로 가야 합니다.
en: >-
  Your windows come in column order: downwards first, then to the right. The order of
  the windows is raster order: left to right, then the next row of windows.
"""

import torch


def window_partition(x, window, shift=0):
    B, h, w, D = x.shape
    M = window
    x = torch.roll(x, (-shift, -shift), dims=(1, 2))
    x = x.reshape(B, h // M, M, w // M, M, D).permute(0, 3, 1, 2, 4, 5)
    return x.reshape(-1, M * M, D)


def window_reverse(windows, window, grid, shift=0):
    h, w = grid
    M, D = window, windows.shape[-1]
    x = windows.reshape(-1, w // M, h // M, M, M, D).permute(0, 2, 3, 1, 4, 5)
    return torch.roll(x.reshape(-1, h, w, D), (shift, shift), dims=(1, 2))
