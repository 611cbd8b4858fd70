"""
question: q5
ko: >-
  오차 함수로 계산한 GELU를 썼습니다. SigLIP은 tanh로 어림한 GELU로 학습했습니다. 차이는
  0.001보다 작지만, 공개된 가중치를 쓸 때 답이 달라집니다.
en: >-
  You use the GELU with the error function. SigLIP was trained with the tanh
  approximation. The difference is below 0.001, but with published weights the answers
  are no longer the same.
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
        return y + self.fc2(F.gelu(self.fc1(self.norm(y))))
