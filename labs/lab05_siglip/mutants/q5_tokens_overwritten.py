"""
question: q5
ko: >-
  받은 토큰의 패딩을 그 자리에서 0으로 바꾸었습니다. 부른 쪽의 토큰이 말없이 바뀝니다.
  점수만 가리면 되고, 토큰은 고칠 필요가 없습니다.
en: >-
  You set the padding of the tokens to 0 in place, and the caller's tokens change behind
  its back. Hiding the scores is enough; the tokens need not be touched at all.
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
        if mask is not None:
            x[~mask] = 0
        query = self.q(self.probe).expand(B, 1, D)

        def split(y):
            return y.unflatten(-1, (self.heads, -1)).transpose(1, 2)

        keep = None if mask is None else mask[:, None, None, :]
        pooled = F.scaled_dot_product_attention(
            split(query), split(self.k(x)), split(self.v(x)), attn_mask=keep
        )
        y = self.proj(pooled.reshape(B, D))
        return y + self.fc2(F.gelu(self.fc1(self.norm(y)), approximate="tanh"))
