"""
question: q5
ko: >-
  앞의 절반에 행(y), 뒤의 절반에 열(x)을 적었습니다. 약속은 열이 먼저입니다. 정사각형
  격자에서는 표를 대각선으로 뒤집은 것과 같아, 유사도 그림만 보아서는 차이를 알 수
  없습니다.
en: >-
  You put the row (y) in the first half and the column (x) in the second. The
  convention has the column first. On a square grid this mirrors the table along the
  diagonal, so a picture of similarities does not show the difference.
"""

import torch


def sincos_2d(grid, width, temperature=10_000.0):
    h, w = grid
    n = width // 4
    omega = temperature ** (-torch.arange(n, dtype=torch.float64) / n)
    y = torch.arange(h, dtype=torch.float64).repeat_interleave(w)
    x = torch.arange(w, dtype=torch.float64).repeat(h)
    angle_x, angle_y = x[:, None] * omega, y[:, None] * omega
    waves = angle_y.sin(), angle_y.cos(), angle_x.sin(), angle_x.cos()
    return torch.cat(waves, dim=1).float()


def add_cls_and_positions(tokens, cls_token, pos):
    cls = cls_token.expand(tokens.shape[0], -1, -1)
    return torch.cat((cls, tokens + pos), dim=1)
