"""
question: q7
ko: >-
  `logit_scale`이 0.07에서 시작합니다. 0.07은 온도이고, 매개변수에는 그 역수의
  **로그**가 들어갑니다. 이대로면 배율이 1.07에서 시작하고 로짓이 거의 평평합니다.
en: >-
  Your `logit_scale` starts at 0.07. That is the temperature; the parameter holds the
  **logarithm** of its inverse. As it is, the scale starts at 1.07 and the logits are
  almost flat.
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
        self.logit_scale = nn.Parameter(torch.tensor(0.07))

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
