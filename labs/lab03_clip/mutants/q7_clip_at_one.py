"""
question: q7
ko: >-
  로그가 1을 넘지 않게 잘랐습니다. 배율이 2.718에서 멈추므로 시작값 14.3보다도
  작습니다. 자르는 값은 ln 100 = 4.6052입니다.
en: >-
  You cut the logarithm at 1, so that the scale stops at 2.718, which is less than the
  14.3 it starts from. The place to cut is ln 100 = 4.6052.
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
        with torch.no_grad():
            model.logit_scale.clamp_(max=1.0)
        losses.append(loss.item())
    return losses
