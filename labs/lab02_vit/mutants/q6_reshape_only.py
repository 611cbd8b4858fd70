"""
question: q6
ko: >-
  축을 바꾸지 않고 `reshape`만 했습니다. 모양은 맞지만 윈도우가 정사각형이 아니라,
  지도의 행을 이어 붙인 띠입니다. `reshape`는 숫자를 옮기지 않으므로 가운데의 두 축을
  바꾸어야 합니다.
en: >-
  You only used `reshape` and swapped no axes. The shape fits, but your windows are
  strips of consecutive rows, not squares. `reshape` moves no numbers: swap the axes
  in the middle.
"""

import torch


def window_partition(x, window, shift=0):
    B, h, w, D = x.shape
    M = window
    x = torch.roll(x, (-shift, -shift), dims=(1, 2))
    x = x.reshape(B, h // M, M, w // M, M, D)
    return x.reshape(-1, M * M, D)


def window_reverse(windows, window, grid, shift=0):
    h, w = grid
    M, D = window, windows.shape[-1]
    x = windows.reshape(-1, h // M, w // M, M, M, D)
    return torch.roll(x.reshape(-1, h, w, D), (shift, shift), dims=(1, 2))
