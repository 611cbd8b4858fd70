"""
question: q1
ko: >-
  두 갈래가 모두 블록에 들어온 토큰을 읽습니다. MLP는 어텐션을 더한 **뒤의** 토큰을
  읽어야 합니다. (두 갈래를 나란히 계산하는 모델도 있지만 ViT는 아닙니다.)
en: >-
  Both branches read the tokens that enter the block. The MLP must read the tokens
  **after** attention was added to them. (There are models whose branches run side by
  side, but ViT is not one of them.)
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
        hidden = F.gelu(self.fc1(self.norm2(x)))
        return x + self.drop(mixed) + self.drop(self.fc2(hidden))
