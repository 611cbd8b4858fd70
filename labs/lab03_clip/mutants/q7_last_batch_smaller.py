"""
question: q7
ko: >-
  섞은 목록의 끝에 남은 모자란 쌍을 작은 배치로 썼습니다. 음성 예의 수가 배치마다
  달라지면 손실의 눈금도 달라집니다. 남은 쌍은 버리고 새로 섞으세요.
en: >-
  You use what is left at the end of a shuffled list as a smaller batch. With fewer
  negatives the loss has another scale than in the other steps. Drop the rest and
  shuffle again.
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
    rest = []
    for _ in range(steps):
        if not rest:
            order = torch.randperm(len(images), generator=random)
            rest = list(order.split(batch_size))
        chosen = rest.pop(0)
        loss = info_nce(model(images[chosen], ids[chosen]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            model.logit_scale.clamp_(max=math.log(100))
        losses.append(loss.item())
    return losses
