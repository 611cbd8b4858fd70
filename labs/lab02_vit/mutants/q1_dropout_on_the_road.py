"""
question: q1
ko: >-
  드롭아웃을 갈래의 출력이 아니라 더한 결과, 곧 길 전체에 적용했습니다. 학습할 때 잔차
  흐름의 숫자가 지워지고, 지워진 것은 어느 블록도 되살리지 못합니다. 더하기 직전에
  갈래에만 적용하세요.
en: >-
  Dropout is applied to the sum, that is to the road, and not to the output of the
  branch. In training it erases numbers of the residual stream, and no block can bring
  them back. Apply it to the branch, right before the addition.
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
        x = self.drop(x + mixed)
        return self.drop(x + self.fc2(F.gelu(self.fc1(self.norm2(x)))))
