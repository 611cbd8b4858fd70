"""
question: q5
ko: >-
  정규화한 벡터를 더했습니다. norm은 MLP로 들어가는 갈래에만 있고, 더하는 것은
  정규화하지 않은 y입니다.
en: >-
  You add the normalised vector. The norm stands only in the branch that enters the MLP;
  what is added is the y that was not normalised.
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
        pooled = F.scaled_dot_product_attention(
            split(query), split(self.k(x)), split(self.v(x)), attn_mask=keep
        )  # (B, heads, 1, Dh)
        y = self.proj(pooled.reshape(B, D))
        y = self.norm(y)
        return y + self.fc2(F.gelu(self.fc1(y), approximate="tanh"))
