"""
question: q7
"""

import math

import torch
from torch import nn


class DualEncoder(nn.Module):
    """Projections as bare layers, the scale made of its inverse."""

    def __init__(self, image_tower, text_tower, image_width, text_width, embed):
        super().__init__()
        self.image_tower = image_tower
        self.text_tower = text_tower
        self.image_proj = nn.Linear(image_width, embed, False)
        self.text_proj = nn.Linear(text_width, embed, False)
        self.logit_scale = nn.Parameter(-torch.tensor(0.07).log())

    def encode_image(self, images):
        return self.image_tower(images) @ self.image_proj.weight.T

    def encode_text(self, ids):
        return self.text_tower(ids) @ self.text_proj.weight.T

    def forward(self, images, ids):
        return compare(
            self.encode_image(images), self.encode_text(ids), self.logit_scale
        )


def train(model, images, ids, steps, batch_size=64, lr=1e-3, seed=0):
    """Batches cut from a shuffled list; when it is short, a new one begins."""
    random = torch.Generator().manual_seed(seed + 1)
    optimizer = torch.optim.AdamW(list(model.parameters()), lr)
    losses, rest = [], torch.empty(0, dtype=torch.long)
    while len(losses) < steps:
        if len(rest) < batch_size:
            rest = torch.randperm(len(images), generator=random)
        chosen, rest = rest[:batch_size], rest[batch_size:]
        model.train()
        optimizer.zero_grad()
        loss = info_nce(model(images[chosen], ids[chosen]))
        loss.backward()
        optimizer.step()
        if model.logit_scale.item() > math.log(100):
            nn.init.constant_(model.logit_scale, math.log(100))
        losses.append(float(loss.detach()))
    return losses
