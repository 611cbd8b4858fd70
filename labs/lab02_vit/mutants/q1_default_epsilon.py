"""
question: q1
ko: >-
  LayerNorm의 엡실론이 PyTorch의 기본값 1e-5입니다. ViT는 1e-6을 씁니다. 분산이 1에
  가까운 토큰에서는 거의 보이지 않지만, 분산이 1e-6인 토큰은 0.7071이 아니라 0.3015로
  정규화됩니다.
en: >-
  The epsilon of your LayerNorms is PyTorch's default, 1e-5; ViT uses 1e-6. For tokens
  with a variance near 1 this hardly shows, but a token with variance 1e-6 is
  normalised to 0.3015 instead of 0.7071.
"""

import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    def __init__(self, width, heads, hidden, dropout=0.0):
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)
        self.drop = nn.Dropout(dropout)

    def forward(self, x):
        mixed = self_attention(self.norm1(x), self.qkv, self.proj, self.heads)
        x = x + self.drop(mixed)
        return x + self.drop(self.fc2(F.gelu(self.fc1(self.norm2(x)))))
