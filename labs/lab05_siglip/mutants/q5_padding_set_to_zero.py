"""
question: q5
ko: >-
  패딩 토큰을 0으로 만들기만 했습니다. 점수가 0이어도 소프트맥스는 e⁰ = 1의 몫을 주므로
  진짜 토큰의 가중치가 줄어듭니다. 점수를 -∞로 만들어야 합니다.
en: >-
  Padding tokens are only set to 0. A score of 0 still gets a share of e⁰ = 1 in the
  softmax, so the weights of real tokens shrink. Make the score -∞ instead.
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

        if mask is not None:
            x = x * mask[..., None]
        pooled = F.scaled_dot_product_attention(
            split(query), split(self.k(x)), split(self.v(x)), attn_mask=None
        )  # (B, heads, 1, Dh)
        y = self.proj(pooled.reshape(B, D))
        return y + self.fc2(F.gelu(self.fc1(self.norm(y)), approximate="tanh"))
