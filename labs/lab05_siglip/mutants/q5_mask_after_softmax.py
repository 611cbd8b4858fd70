"""
question: q5
ko: >-
  소프트맥스를 한 다음에 패딩의 가중치를 0으로 만들었습니다. 그러면 남은 가중치의 합이
  1보다 작아서 벡터가 짧아집니다. 소프트맥스를 하기 전에 가려야 합니다.
en: >-
  The weights of padding are set to 0 after the softmax. What is left adds up to less
  than 1, and the vector gets shorter. Hide padding before the softmax.
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
        query = self.q(self.probe).expand(B, 1, D)

        def split(y: Tensor) -> Tensor:  # (B, T, D) -> (B, heads, T, Dh)
            return y.unflatten(-1, (self.heads, -1)).transpose(1, 2)

        keep = None if mask is None else mask[:, None, None, :]  # (B, 1, 1, T)
        scores = split(query) @ split(self.k(x)).transpose(-2, -1)
        weights = (scores / (D // self.heads) ** 0.5).softmax(dim=-1)
        if keep is not None:
            weights = weights * keep
        pooled = weights @ split(self.v(x))
        y = self.proj(pooled.reshape(B, D))
        return y + self.fc2(F.gelu(self.fc1(self.norm(y)), approximate="tanh"))
