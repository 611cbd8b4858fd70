"""
question: q7
ko: >-
  `[Block(...)] * L`은 블록을 L개 만들지 않고 같은 블록 하나를 L번 씁니다. 가중치가
  하나뿐이라 매개변수의 수가 모자랍니다. `Block(...) for _ in range(L)`로 따로
  만드세요.
en: >-
  `[Block(...)] * L` does not make L blocks but uses the same block L times. There is
  only a single set of weights, and parameters are missing. Make each with `Block(...)
  for _ in range(L)`.
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
        self.blocks = nn.ModuleList(
            [Block(D, config.heads, config.hidden)] * config.depth
        )
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
