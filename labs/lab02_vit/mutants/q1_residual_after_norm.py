"""
question: q1
ko: >-
  정규화한 토큰에 더했습니다: `x = norm(x)` 다음에 `x = x + ...`이면 길에 남는 것은
  정규화된 토큰입니다. 정규화한 것은 갈래로만 보내고, 더하기의 왼쪽에는 원래의 `x`를
  두어야 합니다.
en: >-
  You add to the normalised tokens: with `x = norm(x)` followed by `x = x + ...` the
  road itself is normalised. Send the normalised tokens only into the branch, and keep
  the original `x` on the left of the addition.
"""

import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    def __init__(self, width, heads, hidden, dropout=0.0):
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)
        self.drop = nn.Dropout(dropout)

    def forward(self, x):
        x = self.norm1(x)
        x = x + self.drop(self_attention(x, self.qkv, self.proj, self.heads))
        x = self.norm2(x)
        return x + self.drop(self.fc2(F.gelu(self.fc1(x))))
