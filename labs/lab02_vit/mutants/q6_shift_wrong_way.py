"""
question: q6
ko: >-
  반대 방향으로, 곧 아래와 오른쪽으로 밀었습니다. `torch.roll`에 양수를 넣으면 번호가
  커지는 쪽으로 갑니다. 자를 때는 `-shift`, 되돌릴 때는 `+shift`입니다.
en: >-
  You moved the map the wrong way, down and right. `torch.roll` with a positive number
  moves towards larger indices. It is `-shift` when cutting and `+shift` on the way
  back.
"""

import torch


def window_partition(x, window, shift=0):
    B, h, w, D = x.shape
    M = window
    x = torch.roll(x, (shift, shift), dims=(1, 2))
    x = x.reshape(B, h // M, M, w // M, M, D).transpose(2, 3)
    return x.reshape(-1, M * M, D)


def window_reverse(windows, window, grid, shift=0):
    h, w = grid
    M, D = window, windows.shape[-1]
    x = windows.reshape(-1, h // M, w // M, M, M, D).transpose(2, 3)
    return torch.roll(x.reshape(-1, h, w, D), (-shift, -shift), dims=(1, 2))
