"""
question: q7
recognise: judge:blocks_not_registered
ko: >-
  블록을 파이썬 리스트에 담았습니다. PyTorch는 리스트 안을 들여다보지 않으므로
  `parameters()`에 블록이 없고, 옵티마이저는 블록을 학습시키지 않으며, `double()`이나
  `to()`도 블록에 닿지 않습니다. `nn.ModuleList`를 쓰세요.
en: >-
  The blocks are in a Python list. PyTorch does not look inside a list, so
  `parameters()` has no blocks, the optimizer never trains them, and neither
  `double()` nor `to()` reaches them. Use `nn.ModuleList`.
"""

import torch
import torch.nn.functional as F
from torch import nn


class ViT(nn.Module):
    def __init__(self, config):
        super().__init__()
        D, P = config.width, config.patch
        h, w = config.grid
        self.patch_embed = nn.Conv2d(config.channels, D, kernel_size=P, stride=P)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, D))
        self.pos_embed = nn.Parameter(0.02 * torch.randn(1, 1 + h * w, D))
        self.blocks = [
            Block(D, config.heads, config.hidden) for _ in range(config.depth)
        ]
        self.norm = nn.LayerNorm(D, eps=1e-6)
        self.head = nn.Linear(D, config.classes)

    def forward(self, images):
        patches = self.patch_embed(images).flatten(2).transpose(1, 2)
        x = embed(patches, self.cls_token, self.pos_embed)
        for block in self.blocks:
            x = block(x)
        return self.head(cls_pool(self.norm(x)))


def train(model, images, labels, steps, batch_size=64, lr=1.5e-3, seed=0):
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    random = torch.Generator().manual_seed(seed)
    losses = []
    model.train()
    for _ in range(steps):
        chosen = torch.randperm(len(images), generator=random)[:batch_size]
        loss = F.cross_entropy(model(images[chosen]), labels[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def accuracy(model, images, labels, batch_size=256):
    model.eval()
    right = 0
    with torch.no_grad():
        for some, wanted in zip(images.split(batch_size), labels.split(batch_size)):
            right += (model(some).argmax(dim=1) == wanted).sum().item()
    return right / len(images)
