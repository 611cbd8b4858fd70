"""
question: q6
ko: >-
  되돌릴 때 지도를 제자리로 밀지 않았습니다. 그러면 블록을 지날 때마다 지도가 조금씩
  왼쪽 위로 흘러갑니다. 윈도우를 붙인 다음 `+shift`만큼 미세요.
en: >-
  On the way back you did not move the map to where it was. With each block it would
  drift to the upper left. After putting the windows together, move by `+shift`.
"""

import torch


def window_partition(x, window, shift=0):
    B, h, w, D = x.shape
    M = window
    x = torch.roll(x, (-shift, -shift), dims=(1, 2))
    x = x.reshape(B, h // M, M, w // M, M, D).transpose(2, 3)
    return x.reshape(-1, M * M, D)


def window_reverse(windows, window, grid, shift=0):
    h, w = grid
    M, D = window, windows.shape[-1]
    x = windows.reshape(-1, h // M, w // M, M, M, D).transpose(2, 3)
    return x.reshape(-1, h, w, D)
