"""
question: q7
"""

import itertools
import math

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


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
    pairs = TensorDataset(images, ids)
    loader = DataLoader(
        pairs, batch_size, shuffle=True, drop_last=True, generator=random
    )
    endless = itertools.chain.from_iterable(itertools.repeat(loader))
    losses = []
    model.train()
    for some, words in itertools.islice(endless, steps):
        loss = info_nce(model(some, words))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            model.logit_scale.clamp_(max=math.log(100))
        losses.append(loss.item())
    model.eval()
    return losses
