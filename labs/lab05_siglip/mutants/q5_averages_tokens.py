"""
question: q5
ko: >-
  토큰을 그냥 평균했습니다(GAP). SigLIP은 평균이 아니라 MAP를 씁니다. 프로브에서 나온
  질의가 토큰마다 가중치를 다르게 정합니다.
en: >-
  The tokens are just averaged (GAP). SigLIP does not average, it uses MAP: the query
  from the probe gives each token a weight of its own, chosen by the picture.
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
        keep = torch.ones(B, T).bool() if mask is None else mask
        share = keep.to(x.dtype) / keep.sum(1, keepdim=True)
        pooled = (share[..., None] * self.v(x)).sum(dim=1)
        y = self.proj(pooled.reshape(B, D))
        return y + self.fc2(F.gelu(self.fc1(self.norm(y)), approximate="tanh"))
