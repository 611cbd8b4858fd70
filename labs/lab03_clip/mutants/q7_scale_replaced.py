"""
question: q7
ko: >-
  배율이 100을 넘자 `logit_scale`에 새 매개변수를 넣었습니다. 옵티마이저는 옛 매개변수를
  쥐고 있으므로 새것은 다시는 움직이지 않습니다. 매개변수는 두고 값만 바꾸세요.
en: >-
  When the scale exceeds 100 you put a new parameter into `logit_scale`. The optimizer
  still holds the old one, so the new one never moves again. Keep the parameter and
  change its value in place.
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
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

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
        if model.logit_scale.item() > math.log(100):
            top = torch.full_like(model.logit_scale, math.log(100))
            model.logit_scale = nn.Parameter(top.detach())
        losses.append(loss.item())
    return losses
