"""
question: q5
ko: >-
  모은 벡터를 `detach()`했습니다. 출력의 값은 맞지만 기울기가 거기서 끊겨서 프로브도
  `q`, `k`, `v`도, 그 앞의 그림 탑도 학습되지 않습니다.
en: >-
  You call `detach()` on the pooled vector. The output is right, but the gradient ends
  there, so neither the probe nor `q`, `k`, `v` nor the image tower before them ever
  learns.
"""

import torch
import torch.nn.functional as F
from torch import nn


class MapHead(nn.Module):
    def __init__(self, width, heads, hidden):
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

    def forward(self, x, mask=None):
        B, _, D = x.shape
        query = self.q(self.probe).expand(B, 1, D)

        def split(y):
            return y.unflatten(-1, (self.heads, -1)).transpose(1, 2)

        keep = None if mask is None else mask[:, None, None, :]
        pooled = F.scaled_dot_product_attention(
            split(query), split(self.k(x)), split(self.v(x)), attn_mask=keep
        )
        y = self.proj(pooled.reshape(B, D).detach())
        return y + self.fc2(F.gelu(self.fc1(self.norm(y)), approximate="tanh"))
