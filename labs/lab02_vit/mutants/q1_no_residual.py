"""
question: q1
ko: >-
  갈래의 출력을 길에 더하지 않고 길을 **바꿔치기**했습니다. 잔차 연결이 없으면 블록을
  지날 때마다 앞에서 모은 것을 잃고, 깊은 모델은 학습되지 않습니다. 두 갈래 모두 `x =
  x + ...` 꼴이어야 합니다.
en: >-
  The output of a branch **replaces** the road instead of being added to it. Without
  residual connections each block loses what was gathered before, and a deep model
  does not train. Both branches must have the form `x = x + ...`.
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
        x = self.drop(mixed)
        return self.drop(self.fc2(F.gelu(self.fc1(self.norm2(x)))))
