"""
question: q7
ko: >-
  모델이 로짓이 아니라 확률을 돌려줍니다. 교차 엔트로피가 소프트맥스를 한 번 더 하므로
  손실이 바닥에 걸리고 기울기가 작아집니다. 네 종류라면 0.7437 아래로 내려가지
  못합니다.
en: >-
  Your model returns probabilities, not logits. The cross-entropy takes the softmax
  again, so the loss hits a floor and the gradients become small. With four classes it
  cannot fall below 0.7437.
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
        return self.head(cls_pool(self.norm(x))).softmax(dim=1)


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
