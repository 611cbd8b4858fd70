"""
question: q7
ko: >-
  늘 앞의 쌍들만 썼습니다. 나머지 그림은 한 번도 보지 못합니다. 스텝마다 무작위로 새로
  뽑으세요.
en: >-
  You always use the first pairs and never show the others. The model learns these by
  heart. Draw the pairs of each batch anew, at random.
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
    losses = []
    model.train()
    for _ in range(steps):
        loss = info_nce(model(images[:batch_size], ids[:batch_size]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            model.logit_scale.clamp_(max=math.log(100))
        losses.append(loss.item())
    return losses
