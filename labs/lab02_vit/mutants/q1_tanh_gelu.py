"""
question: q1
ko: >-
  GELU를 tanh로 어림해서 계산했습니다. 차이는 0.0005쯤이라 눈에 띄지 않지만, ViT의
  가중치는 오차 함수 erf로 계산한 GELU로 학습되었습니다. `approximate="tanh"`를
  빼세요.
en: >-
  Your GELU is the approximation by a tanh. It differs by about 0.0005, which nobody
  notices, but the weights of ViT were trained with the exact one, by the error
  function erf. Drop `approximate="tanh"`.
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
        hidden = F.gelu(self.fc1(self.norm2(x)), approximate="tanh")
        return x + self.drop(self.fc2(hidden))
