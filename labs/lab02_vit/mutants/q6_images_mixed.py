"""
question: q6
ko: >-
  첫 윈도우를 모든 이미지에서 모은 다음 둘째 윈도우로 갔습니다. 이미지 하나의 윈도우가
  모두 나온 뒤에 다음 이미지가 나와야 합니다. 이미지가 1장일 때는 드러나지 않습니다.
en: >-
  You collected the first window of all images before going on to the next window. All
  windows of an image come before those of the next image. With a single image nobody
  notices.
"""

import torch


def window_partition(x, window, shift=0):
    B, h, w, D = x.shape
    M = window
    x = torch.roll(x, (-shift, -shift), dims=(1, 2))
    x = x.reshape(B, h // M, M, w // M, M, D).permute(1, 3, 0, 2, 4, 5)
    return x.reshape(-1, M * M, D)


def window_reverse(windows, window, grid, shift=0):
    h, w = grid
    M, D = window, windows.shape[-1]
    x = windows.reshape(h // M, w // M, -1, M, M, D).permute(2, 0, 3, 1, 4, 5)
    return torch.roll(x.reshape(-1, h, w, D), (shift, shift), dims=(1, 2))
