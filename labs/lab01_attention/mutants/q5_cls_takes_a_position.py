"""
question: q5
ko: >-
  CLS에게 위치 벡터 0을 주어 모든 패치의 위치가 한 칸씩 밀렸습니다. 패치 0이 패치 1의
  자리에 있다고 알게 되고, 마지막 패치는 자리를 얻지 못합니다. 위치를 먼저 패치에만
  더한 다음 CLS를 앞에 붙이세요.
en: >-
  CLS took position vector 0, which shifts every patch by one: patch 0 believes that
  it sits where patch 1 is, and the last patch gets no position. Add the positions to
  the patches first, then put CLS in front.
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
    sequence = torch.cat((cls, tokens), dim=1)
    return sequence + torch.cat((pos, torch.zeros_like(pos[:1])))
