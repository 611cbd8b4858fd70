"""
question: q5
ko: >-
  맨 앞의 토큰을 CLS처럼 꺼냈습니다. SigLIP에는 CLS가 없습니다. 첫 토큰은 그림의 왼쪽 위
  귀퉁이일 뿐입니다.
en: >-
  You take the first token as if it were CLS. SigLIP has no CLS: its first token is just
  the upper left corner of the picture, and all others would be lost.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class MapHead(nn.Module):
    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.heads = heads
        self.probe = nn.Parameter(torch.randn(1, 1, width) / width**0.5)
        self.q = nn.Linear(width, width)
        self.k = nn.Linear(width, width)
        self.v = nn.Linear(width, width)
        self.proj = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        B, T, D = x.shape
        pooled = self.v(x)[:, 0]
        y = self.proj(pooled.reshape(B, D))
        return y + self.fc2(F.gelu(self.fc1(self.norm(y)), approximate="tanh"))
