"""
question: q5
ko: >-
  헤드가 너비의 이어진 조각이 아니라 띄엄띄엄한 채널을 씁니다. `unflatten(-1, (heads,
  Dh))`처럼 헤드의 축이 먼저 와야 합니다.
en: >-
  Your heads use scattered channels instead of consecutive pieces of the width. The axis
  of the heads comes first, as in `unflatten(-1, (heads, Dh))`.
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
            return y.unflatten(-1, (-1, self.heads)).permute(0, 3, 1, 2)

        keep = None if mask is None else mask[:, None, None, :]  # (B, 1, 1, T)
        pooled = F.scaled_dot_product_attention(
            split(query), split(self.k(x)), split(self.v(x)), attn_mask=keep
        )  # (B, heads, 1, Dh)
        y = self.proj(pooled.reshape(B, D))
        return y + self.fc2(F.gelu(self.fc1(self.norm(y)), approximate="tanh"))
