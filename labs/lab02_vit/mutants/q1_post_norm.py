"""
question: q1
ko: >-
  더한 **다음에** 정규화했습니다(사후 정규화). 2017년의 트랜스포머와
  `nn.TransformerEncoderLayer`의 기본값이 이 순서입니다. 매개변수의 수는 같지만 잔차
  흐름을 블록마다 다시 칠하므로, ViT의 가중치를 넣으면 다른 답이 나옵니다.
en: >-
  You normalise **after** the addition (post-norm). This is the order of the
  Transformer of 2017 and the default of `nn.TransformerEncoderLayer`. The number of
  parameters is the same, but the residual stream is repainted in each block, so the
  weights of a ViT give another answer.
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
        mixed = self_attention(x, self.qkv, self.proj, self.heads)
        x = self.norm1(x + self.drop(mixed))
        hidden = F.gelu(self.fc1(x))
        return self.norm2(x + self.drop(self.fc2(hidden)))
