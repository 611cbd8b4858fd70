"""
question: q5
ko: >-
  마스크가 거꾸로입니다. `True`가 진짜 토큰인데 진짜 토큰을 가리고 패딩만 보았습니다.
  `attn_mask`도 `True`인 자리를 남깁니다.
en: >-
  The mask is the wrong way round. `True` marks real tokens, but you hide these and look
  at the padding. `attn_mask`, too, keeps the places that are `True`.
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

        keep = None if mask is None else ~mask[:, None, None, :]  # (B, 1, 1, T)
        pooled = F.scaled_dot_product_attention(
            split(query), split(self.k(x)), split(self.v(x)), attn_mask=keep
        )  # (B, heads, 1, Dh)
        y = self.proj(pooled.reshape(B, D))
        return y + self.fc2(F.gelu(self.fc1(self.norm(y)), approximate="tanh"))
