"""
question: q5
ko: >-
  지수를 k / (n − 1)로 해서 마지막 진동수가 정확히 1/τ가 되었습니다. MoCo v3와
  big_vision의 약속이 그렇지만, 여기서는 k / n입니다. n이 크면 차이가 작아서 눈으로는
  알기 어렵습니다.
en: >-
  Your exponent is k / (n − 1), so that the last frequency is exactly 1/τ. MoCo v3 and
  big_vision do it like this, but here it is k / n. With a large n the difference is
  too small to see.
"""

import torch


def sincos_2d(grid, width, temperature=10_000.0):
    h, w = grid
    n = width // 4
    omega = temperature ** (-torch.arange(n, dtype=torch.float64) / (n - 1))
    y = torch.arange(h, dtype=torch.float64).repeat_interleave(w)
    x = torch.arange(w, dtype=torch.float64).repeat(h)
    angle_x, angle_y = x[:, None] * omega, y[:, None] * omega
    waves = angle_x.sin(), angle_x.cos(), angle_y.sin(), angle_y.cos()
    return torch.cat(waves, dim=1).float()


def add_cls_and_positions(tokens, cls_token, pos):
    cls = cls_token.expand(tokens.shape[0], -1, -1)
    return torch.cat((cls, tokens + pos), dim=1)
