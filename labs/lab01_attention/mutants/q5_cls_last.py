"""
question: q5
ko: >-
  CLS를 토큰들의 맨 뒤에 붙였습니다. 많은 코드가 `x[:, 0]`으로 CLS를 꺼내므로, 이렇게
  두면 CLS 대신 왼쪽 위 패치를 이미지의 요약으로 쓰게 됩니다.
en: >-
  You put CLS behind the patches. Most code takes CLS as `x[:, 0]`, so it would use
  the top left patch as the summary of the image.
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
    return torch.cat((tokens + pos, cls), dim=1)
