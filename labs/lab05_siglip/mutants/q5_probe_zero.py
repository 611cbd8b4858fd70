"""
question: q5
ko: >-
  프로브를 0으로 시작했습니다. 질의에는 `q`의 편향만 남고, `q`의 가중치로 가는 기울기는
  프로브에 비례하므로 처음에 0입니다. 난수로 시작하세요.
en: >-
  Your probe starts at 0. Only the bias of `q` is left in the query, and the gradient of
  the weights of `q`, which is proportional to the probe, starts at 0 as well. Draw the
  probe at random.
"""

import torch
import torch.nn.functional as F
from torch import nn


class MapHead(nn.Module):
    def __init__(self, width, heads, hidden):
        super().__init__()
        self.heads = heads
        self.probe = nn.Parameter(torch.zeros(1, 1, width))
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
        y = self.proj(pooled.reshape(B, D))
        return y + self.fc2(F.gelu(self.fc1(self.norm(y)), approximate="tanh"))
