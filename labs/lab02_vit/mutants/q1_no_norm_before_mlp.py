"""
question: q1
ko: >-
  MLP에 들어가는 토큰을 정규화하지 않았습니다. `norm1`은 어텐션의 입구에, `norm2`는
  MLP의 입구에 있어야 합니다. 길 위의 토큰은 블록을 지날수록 커지므로, 정규화가 없으면
  MLP의 입력도 함께 커집니다.
en: >-
  The tokens that enter the MLP are not normalised. `norm1` stands at the entrance of
  the attention and `norm2` at that of the MLP. Tokens on the road grow with every
  block, and without the norm the input of the MLP grows with them.
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
        return x + self.drop(self.fc2(F.gelu(self.fc1(x))))
