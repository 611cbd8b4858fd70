"""
question: q7
ko: >-
  기울기를 구하기 전에 갱신했습니다. `zero_grad()`가 기울기를 지운 바로 다음에
  `step()`을 부르면 쓸 기울기가 없어서 아무것도 바뀌지 않습니다. 순서는 `zero_grad`,
  `backward`, `step`입니다.
en: >-
  You update before the gradients are there. Right after `zero_grad()` has cleared
  them, `step()` finds no gradients and changes nothing. The order is `zero_grad`,
  `backward`, `step`.
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
            Block(D, config.heads, config.hidden) for _ in range(config.depth)
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
        optimizer.step()
        loss.backward()
        losses.append(loss.item())
    return losses


def accuracy(model, images, labels, batch_size=256):
    model.eval()
    right = 0
    with torch.no_grad():
        for some, wanted in zip(images.split(batch_size), labels.split(batch_size)):
            right += (model(some).argmax(dim=1) == wanted).sum().item()
    return right / len(images)
