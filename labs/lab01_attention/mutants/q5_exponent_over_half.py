"""
question: q5
ko: >-
  진동수의 지수를 k / (D/4)가 아니라 k / (D/2)로 했습니다. 바늘이 D/4개뿐인데
  절반까지만 느려져서, 가장 느린 바늘이 1/10000이 아니라 1/100쯤에서 멈춥니다. 먼
  자리들을 구별하는 힘이 줄어듭니다.
en: >-
  The exponent of your frequencies is k / (D/2), not k / (D/4). There are only D/4
  hands, so they slow down only halfway: the slowest stops near 1/100 instead of
  1/10000, and distant places become harder to tell apart.
"""

import torch


def sincos_2d(grid, width, temperature=10_000.0):
    h, w = grid
    n = width // 4
    omega = temperature ** (-torch.arange(n, dtype=torch.float64) / (2 * n))
    y = torch.arange(h, dtype=torch.float64).repeat_interleave(w)
    x = torch.arange(w, dtype=torch.float64).repeat(h)
    angle_x, angle_y = x[:, None] * omega, y[:, None] * omega
    waves = angle_x.sin(), angle_x.cos(), angle_y.sin(), angle_y.cos()
    return torch.cat(waves, dim=1).float()


def add_cls_and_positions(tokens, cls_token, pos):
    cls = cls_token.expand(tokens.shape[0], -1, -1)
    return torch.cat((cls, tokens + pos), dim=1)
