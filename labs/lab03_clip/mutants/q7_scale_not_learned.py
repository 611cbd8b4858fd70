"""
question: q7
ko: >-
  배율이 매개변수가 아닙니다. 텐서 그대로 두면 옵티마이저가 찾지 못해 온도를 배우지
  못합니다. `nn.Parameter`로 감싸세요.
en: >-
  The scale is no parameter. As a plain tensor the optimizer does not find it, and the
  temperature is never learned. Wrap it in `nn.Parameter` so that it is registered.
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
        self.logit_scale = torch.tensor(math.log(1 / 0.07))

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
