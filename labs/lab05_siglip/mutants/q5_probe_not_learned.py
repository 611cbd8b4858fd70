"""
question: q5
ko: >-
  프로브를 매개변수가 아니라 버퍼로 만들었습니다. 저장은 되지만 옵티마이저가 보지
  못해서, 질문이 처음의 난수에 머뭅니다. `nn.Parameter`로 만드세요.
en: >-
  Your probe is a buffer and not a parameter. It is saved with the model, but no
  optimizer sees it, so the question stays the random one of the start. Make it an
  `nn.Parameter`.
"""

import torch
import torch.nn.functional as F
from torch import nn


class MapHead(nn.Module):
    def __init__(self, width, heads, hidden):
        super().__init__()
        self.heads = heads
        self.register_buffer("probe", torch.randn(1, 1, width) / width**0.5)
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
