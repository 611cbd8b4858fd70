"""
question: q1
recognise: judge:drops_out_after_eval
ko: >-
  `eval()`을 부른 뒤에도 드롭아웃이 켜져 있습니다. 함수 `F.dropout`은
  `training=self.training`을 넘기지 않으면 늘 작동해서, 같은 그림에 매번 다른 답을
  냅니다. `nn.Dropout`을 쓰거나 `training`을 넘기세요.
en: >-
  Dropout is still on after `eval()`. The function `F.dropout` always works unless you
  pass `training=self.training`, so the same picture gets another answer each time.
  Use `nn.Dropout`, or pass `training`.
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
        self.dropout = dropout

    def forward(self, x):
        mixed = self_attention(self.norm1(x), self.qkv, self.proj, self.heads)
        x = x + F.dropout(mixed, self.dropout)
        hidden = F.gelu(self.fc1(self.norm2(x)))
        return x + F.dropout(self.fc2(hidden), self.dropout)
