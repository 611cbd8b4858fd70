"""
question: q1
"""

from torch import nn


class Block(nn.Module):
    """The MLP as a sequence, dropout as a layer of its own in each branch."""

    def __init__(self, width, heads, hidden, dropout=0.0):
        super().__init__()
        self.heads = heads
        for name in ("norm1", "norm2"):
            setattr(self, name, nn.LayerNorm(width, 1e-6))
        self.qkv = nn.Linear(width, width * 3)
        self.proj = nn.Linear(width, width)
        self.fc1, self.fc2 = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.act, self.drop1, self.drop2 = nn.GELU(), *(nn.Dropout(dropout),) * 2

    def forward(self, x):
        attention = self_attention(self.norm1(x), self.qkv, self.proj, self.heads)
        x = self.drop1(attention).add(x)
        mlp = self.fc2(self.act(self.fc1(self.norm2(x))))
        return self.drop2(mlp).add(x)
