"""
question: q7
"""

import torch
from torch import nn


class ViT(nn.Module):
    """Patches by unfolding, the row of tokens by hand."""

    def __init__(self, config):
        super().__init__()
        self.patch = config.patch
        self.patch_embed = nn.Conv2d(
            config.channels, config.width, config.patch, config.patch
        )
        tokens = 1 + config.grid[0] * config.grid[1]
        self.cls_token = nn.Parameter(torch.randn(1, 1, config.width) / 50)
        self.pos_embed = nn.Parameter(torch.empty(1, tokens, config.width))
        nn.init.trunc_normal_(self.pos_embed, std=0.02)
        blocks = []
        for _ in range(config.depth):
            blocks.append(Block(config.width, config.heads, config.hidden))
        self.blocks = nn.Sequential(*blocks)
        self.norm = nn.LayerNorm(config.width, 1e-6)
        self.head = nn.Linear(config.width, config.classes)

    def forward(self, images):
        columns = nn.functional.unfold(images, self.patch, stride=self.patch)
        weight = self.patch_embed.weight.flatten(1)  # (D, C * P * P)
        patches = columns.transpose(1, 2) @ weight.T + self.patch_embed.bias
        cls = self.cls_token.repeat(len(images), 1, 1)
        x = self.blocks(torch.cat((cls, patches), dim=1) + self.pos_embed)
        return self.head(self.norm(x[:, 0]))


def train(model, images, labels, steps, batch_size=64, lr=1.5e-3, seed=0):
    """The cross-entropy from logarithms; numpy draws the batches."""
    import numpy as np

    optimizer = torch.optim.AdamW(model.train().parameters(), lr)
    random, losses = np.random.default_rng(seed), []
    while len(losses) < steps:
        chosen = random.choice(len(images), batch_size, replace=False)
        chosen = torch.from_numpy(chosen)
        logits = model(images[chosen])
        right = logits.gather(1, labels[chosen][:, None]).squeeze(1)
        loss = (logits.logsumexp(dim=1) - right).mean()
        losses.append(float(loss.detach()))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()  # for the next step
    return losses


@torch.no_grad()
def accuracy(model, images, labels, batch_size=256):
    model.train(False)
    hits = []
    for start in range(0, len(images), batch_size):
        logits = model(images[start : start + batch_size])
        best = logits.max(dim=1).indices
        hits += (best == labels[start : start + batch_size]).tolist()
    return sum(hits) / len(hits)
