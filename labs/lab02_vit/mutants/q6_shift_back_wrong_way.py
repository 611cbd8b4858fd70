"""
question: q6
ko: >-
  되돌릴 때도 자를 때와 같은 방향으로 밀었습니다. 역이 되려면 반대 방향으로 밀어야
  합니다. 지금은 두 번 밀려서 `2 * shift`만큼 어긋납니다.
en: >-
  On the way back you moved in the same direction as before. To undo the move you have
  to go the other way. As it is, the map is off by `2 * shift`.
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
    return torch.roll(x.reshape(-1, h, w, D), (-shift, -shift), dims=(1, 2))
