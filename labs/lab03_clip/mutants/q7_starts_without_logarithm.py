"""
question: q7
ko: >-
  `logit_scale`이 1 / 0.07에서 시작합니다. 로그를 취하지 않았으므로 배율이 e의
  14.3제곱, 곧 160만쯤에서 시작합니다. 소프트맥스가 굳어 아무것도 배우지 못합니다.
en: >-
  Your `logit_scale` starts at 1 / 0.07, without the logarithm. Its exponential is e
  to the power of 14.3, about 1.6 million: the softmax is frozen and nothing can be
  learned.
"""

import math

import torch
from torch import nn


class DualEncoder(nn.Module):
    def __init__(self, image_tower, text_tower, image_width, text_width, embed):
        super().__init__()
        self.image_tower, self.text_tower = image_tower, text_tower
        self.image_proj = nn.Linear(image_width, embed, bias=False)
        self.text_proj = nn.Linear(text_width, embed, bias=False)
        self.logit_scale = nn.Parameter(torch.tensor(1 / 0.07))

    def encode_image(self, images):
        return self.image_proj(self.image_tower(images))

    def encode_text(self, ids):
        return self.text_proj(self.text_tower(ids))

    def forward(self, images, ids):
        image, text = self.encode_image(images), self.encode_text(ids)
        return compare(image, text, self.logit_scale)


def train(model, images, ids, steps, batch_size=64, lr=1e-3, seed=0):
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    random = torch.Generator().manual_seed(seed)
    losses = []
    model.train()
    for _ in range(steps):
        chosen = torch.randperm(len(images), generator=random)[:batch_size]
        loss = info_nce(model(images[chosen], ids[chosen]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            model.logit_scale.clamp_(max=math.log(100))
        losses.append(loss.item())
    return losses
