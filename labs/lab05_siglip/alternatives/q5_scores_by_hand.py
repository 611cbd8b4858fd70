"""
question: q5
"""

import torch
from torch import nn


class MapHead(nn.Module):
    """The scores written out, hidden with minus infinity."""

    def __init__(self, width, heads, hidden):
        super().__init__()
        self.heads, self.size = heads, width // heads
        self.probe = nn.Parameter(torch.empty(1, 1, width))
        nn.init.xavier_uniform_(self.probe)
        for name in ("q", "k", "v", "proj"):
            setattr(self, name, nn.Linear(width, width))
        self.norm = nn.LayerNorm(width, 1e-6)
        self.fc1, self.fc2 = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.act = nn.GELU("tanh")

    def forward(self, x, mask=None):
        B, T, D = x.shape
        query = self.q(self.probe).reshape(self.heads, self.size)
        keys = self.k(x).reshape(B, T, self.heads, self.size)
        values = self.v(x).reshape(B, T, self.heads, self.size)
        scores = torch.einsum("hd,bthd->bht", query, keys) / self.size**0.5
        if mask is not None:
            scores = scores.masked_fill(~mask[:, None], float("-inf"))
        weights = scores.softmax(dim=-1)
        y = self.proj(torch.einsum("bht,bthd->bhd", weights, values).flatten(1))
        return y + self.fc2(self.act(self.fc1(self.norm(y))))
