"""
question: q5
ko: >-
  행과 열의 번호를 0에서 1 사이로 줄였습니다. 가장 빠른 바늘도 격자 전체에서
  1라디안밖에 돌지 못해 이웃한 자리가 거의 같은 벡터가 됩니다. 번호 0, 1, 2, …를
  그대로 씁니다.
en: >-
  You scaled rows and columns to between 0 and 1. Even the fastest hand then turns by
  only 1 radian over the entire grid, and neighbouring places get almost the same
  vector. Use the numbers 0, 1, 2, … as they are.
"""

import torch


def sincos_2d(grid, width, temperature=10_000.0):
    h, w = grid
    n = width // 4
    omega = temperature ** (-torch.arange(n, dtype=torch.float64) / n)
    y = torch.arange(h, dtype=torch.float64).repeat_interleave(w)
    x = torch.arange(w, dtype=torch.float64).repeat(h)
    x, y = x / (w - 1), y / (h - 1)
    angle_x, angle_y = x[:, None] * omega, y[:, None] * omega
    waves = angle_x.sin(), angle_x.cos(), angle_y.sin(), angle_y.cos()
    return torch.cat(waves, dim=1).float()


def add_cls_and_positions(tokens, cls_token, pos):
    cls = cls_token.expand(tokens.shape[0], -1, -1)
    return torch.cat((cls, tokens + pos), dim=1)
