"""
question: q5
ko: >-
  사인과 코사인을 번갈아 놓았습니다: sin, cos, sin, cos, …. Transformer 논문의 순서가
  그렇지만, 이 실습의 약속(MAE의 공식 코드)은 사인을 모두 적은 뒤 코사인을 적습니다.
  담긴 정보는 같아도 저장된 가중치와는 맞지 않습니다.
en: >-
  Your sines and cosines alternate: sin, cos, sin, cos, …. The Transformer paper
  orders them so, but the convention here (the official code of MAE) writes all sines,
  then all cosines. The information is the same, but stored weights would not fit.
"""

import torch


def sincos_2d(grid, width, temperature=10_000.0):
    h, w = grid
    n = width // 4
    omega = temperature ** (-torch.arange(n, dtype=torch.float64) / n)
    y = torch.arange(h, dtype=torch.float64).repeat_interleave(w)
    x = torch.arange(w, dtype=torch.float64).repeat(h)
    angle_x, angle_y = x[:, None] * omega, y[:, None] * omega
    x_waves = torch.stack((angle_x.sin(), angle_x.cos()), dim=2).flatten(1)
    y_waves = torch.stack((angle_y.sin(), angle_y.cos()), dim=2).flatten(1)
    return torch.cat((x_waves, y_waves), dim=1).float()


def add_cls_and_positions(tokens, cls_token, pos):
    cls = cls_token.expand(tokens.shape[0], -1, -1)
    return torch.cat((cls, tokens + pos), dim=1)
