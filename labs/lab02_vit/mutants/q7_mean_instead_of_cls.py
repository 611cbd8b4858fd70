"""
question: q7
ko: >-
  CLS 대신 모든 토큰의 평균을 분류기에 넣었습니다. 학습도 되고 잘 맞히기도 하지만 이
  문항의 모델이 아닙니다. CLS로 학습된 가중치를 넣으면 다른 답이 나옵니다.
en: >-
  The classifier gets the mean of all tokens instead of CLS. This trains and even
  answers well, but it is not the model of this question: weights that were trained
  with CLS give another answer.
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
        return self.head(self.norm(x).mean(dim=1))


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
