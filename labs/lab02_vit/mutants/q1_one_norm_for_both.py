"""
question: q1
ko: >-
  두 갈래가 LayerNorm 하나를 함께 씁니다. 갈래마다 배율과 이동을 따로 배우므로
  `norm1`과 `norm2`는 서로 다른 층이어야 합니다. 모양은 같아서 오류는 나지 않습니다.
en: >-
  Both branches use the same LayerNorm. Each branch learns a scale and a shift of its
  own, so `norm1` and `norm2` have to be different layers. Their shapes are the same,
  which is why there is no error.
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
        self.norm2 = self.norm1  # the same layer under a second name
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)
        self.drop = nn.Dropout(dropout)

    def forward(self, x):
        mixed = self_attention(self.norm1(x), self.qkv, self.proj, self.heads)
        x = x + self.drop(mixed)
        return x + self.drop(self.fc2(F.gelu(self.fc1(self.norm2(x)))))
