"""
question: q5
ko: >-
  온도 인자를 쓰지 않고 10000을 적어 넣었습니다. 기본값에서는 맞지만 다른 온도에서는
  틀립니다.
en: >-
  You wrote 10000 into the code and ignore the argument `temperature`. The default
  comes out right, any other temperature does not.
"""

import torch


def sincos_2d(grid, width, temperature=10_000.0):
    h, w = grid
    n = width // 4
    omega = 10_000.0 ** (-torch.arange(n, dtype=torch.float64) / n)
    y = torch.arange(h, dtype=torch.float64).repeat_interleave(w)
    x = torch.arange(w, dtype=torch.float64).repeat(h)
    angle_x, angle_y = x[:, None] * omega, y[:, None] * omega
    waves = angle_x.sin(), angle_x.cos(), angle_y.sin(), angle_y.cos()
    return torch.cat(waves, dim=1).float()


def add_cls_and_positions(tokens, cls_token, pos):
    cls = cls_token.expand(tokens.shape[0], -1, -1)
    return torch.cat((cls, tokens + pos), dim=1)
