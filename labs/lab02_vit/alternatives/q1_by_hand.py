"""
question: q1
"""

import math

import torch
from torch import nn


class Block(nn.Module):
    """Norm, attention and GELU written out."""

    def __init__(self, width, heads, hidden, dropout=0.0):
        super().__init__()
        self.norm1, self.norm2 = (nn.LayerNorm(width, eps=1e-6) for _ in range(2))
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.fc1, self.fc2 = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.heads, self.dropout = heads, dropout

    def forward(self, x):
        x = x + self.drop(self.attend(self.normal(x, self.norm1)))
        a = self.fc1(self.normal(x, self.norm2))
        gelu = a / 2 * (1 + torch.erf(a / math.sqrt(2)))
        return x + self.drop(self.fc2(gelu))

    def normal(self, x, norm):
        centred = x - x.mean(dim=-1, keepdim=True)
        variance = centred.pow(2).mean(dim=-1, keepdim=True)
        return centred / torch.sqrt(variance + 1e-6) * norm.weight + norm.bias

    def attend(self, x):
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        out = []
        for head in range(self.heads):
            Dh = x.shape[-1] // self.heads
            mine = slice(head * Dh, (head + 1) * Dh)
            scores = q[..., mine] @ k[..., mine].transpose(1, 2) / math.sqrt(Dh)
            out.append(scores.softmax(dim=-1) @ v[..., mine])
        return self.proj(torch.cat(out, dim=-1))

    def drop(self, branch):
        if not self.training or self.dropout == 0:
            return branch
        kept = torch.rand_like(branch) >= self.dropout
        return branch * kept / max(1 - self.dropout, 1e-9)
