"""
question: q1
ko: >-
  GELU 대신 ReLU를 썼습니다. `nn.TransformerEncoderLayer`의 기본값이 ReLU라서 흔한
  실수입니다. ReLU는 음수를 모두 0으로 만들지만 GELU는 0 근처의 음수를 조금 남깁니다:
  GELU(−1)은 −0.1587입니다.
en: >-
  You use a ReLU in the place of the GELU, a common slip because it is the default of
  `nn.TransformerEncoderLayer`. A ReLU sets all negative numbers to 0; a GELU lets a
  little of those near 0 through: GELU(−1) is −0.1587.
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
        mixed = self_attention(self.norm1(x), self.qkv, self.proj, self.heads)
        x = x + self.drop(mixed)
        return x + self.drop(self.fc2(F.relu(self.fc1(self.norm2(x)))))
