"""
question: q5
ko: >-
  `tokens += pos`가 인자로 받은 텐서를 그 자리에서 바꾸었습니다. 돌려준 답은 맞지만,
  같은 토큰을 다시 쓰면 위치가 두 번 더해집니다. 새 텐서를 만드는 `tokens + pos`를
  쓰세요.
en: >-
  `tokens += pos` changed the tensor that you were given. What you return is right,
  but whoever uses the same tokens again gets the positions added twice. Use `tokens +
  pos`, which makes a new tensor.
"""

import torch


def sincos_2d(grid, width, temperature=10_000.0):
    h, w = grid
    n = width // 4
    omega = temperature ** (-torch.arange(n, dtype=torch.float64) / n)
    y = torch.arange(h, dtype=torch.float64).repeat_interleave(w)
    x = torch.arange(w, dtype=torch.float64).repeat(h)
    angle_x, angle_y = x[:, None] * omega, y[:, None] * omega
    waves = angle_x.sin(), angle_x.cos(), angle_y.sin(), angle_y.cos()
    return torch.cat(waves, dim=1).float()


def add_cls_and_positions(tokens, cls_token, pos):
    cls = cls_token.expand(tokens.shape[0], -1, -1)
    tokens += pos
    return torch.cat((cls, tokens), dim=1)
