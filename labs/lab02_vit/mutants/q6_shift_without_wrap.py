"""
question: q6
ko: >-
  밀려난 행과 열을 반대쪽 끝으로 돌려보내지 않고 0으로 채웠습니다. 그러면 미는
  블록마다 가장자리의 토큰을 잃습니다. `torch.roll`은 밀려난 것을 반대쪽에 넣어
  줍니다.
en: >-
  Rows and columns that were pushed out did not come back at the other end; you filled
  in zeros. Every block with a shift would lose the tokens at an edge. `torch.roll`
  puts what leaves in at the other side.
"""

import torch.nn.functional as F


def window_partition(x, window, shift=0):
    B, h, w, D = x.shape
    M = window
    x = F.pad(x[:, shift:, shift:], (0, 0, 0, shift, 0, shift))
    x = x.reshape(B, h // M, M, w // M, M, D).transpose(2, 3)
    return x.reshape(-1, M * M, D)


def window_reverse(windows, window, grid, shift=0):
    h, w = grid
    M, D = window, windows.shape[-1]
    x = windows.reshape(-1, h // M, w // M, M, M, D).transpose(2, 3)
    x = x.reshape(-1, h, w, D)[:, : h - shift, : w - shift]
    return F.pad(x, (0, 0, shift, 0, shift, 0))
