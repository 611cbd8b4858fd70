"""
question: q7
recognise: judge:not_repeatable
ko: >-
  배치를 뽑을 때 시드를 쓰지 않았습니다. 그러면 같은 학습을 다시 할 수 없습니다.
  `torch.Generator().manual_seed(seed)`를 만들어 `torch.randperm`에 `generator`로
  넘기세요.
en: >-
  The seed plays no part in drawing the batches, so nobody can repeat your training.
  Make a `torch.Generator().manual_seed(seed)` and pass it to `torch.randperm` as
  `generator`.
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
    losses = []
    model.train()
    for _ in range(steps):
        chosen = torch.randperm(len(images))[:batch_size]
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
