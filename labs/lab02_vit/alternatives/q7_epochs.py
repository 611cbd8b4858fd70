"""
question: q7
"""

import torch
import torch.nn.functional as F
from torch import nn


class ViT(nn.Module):
    def __init__(self, config):
        super().__init__()
        D, (h, w) = config.width, config.grid
        self.patch_embed = nn.Conv2d(
            config.channels, D, kernel_size=config.patch, stride=config.patch
        )
        self.register_parameter("cls_token", nn.Parameter(torch.zeros(1, 1, D)))
        self.register_parameter("pos_embed", nn.Parameter(torch.zeros(1, h * w + 1, D)))
        nn.init.normal_(self.pos_embed, std=0.02)
        self.blocks = nn.ModuleList()
        for _ in range(config.depth):
            self.blocks.append(Block(D, config.heads, config.hidden))
        self.norm, self.head = nn.LayerNorm(D, 1e-6), nn.Linear(D, config.classes)

    def forward(self, images):
        patches = self.patch_embed(images)
        x = embed(patches.flatten(2).mT, self.cls_token, self.pos_embed)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(cls_pool(x)))


def train(model, images, labels, steps, batch_size=64, lr=1.5e-3, seed=0):
    """Epoch after epoch, so that each image comes up equally often."""
    torch_random = torch.Generator()
    torch_random.manual_seed(seed)
    optimizer = torch.optim.AdamW(list(model.parameters()), lr=lr)
    losses, left = [], torch.empty(0, dtype=torch.long)
    for _ in range(steps):
        if len(left) < batch_size:
            left = torch.randperm(len(images), generator=torch_random)
        chosen, left = left[:batch_size], left[batch_size:]
        model.train()
        model.zero_grad()
        loss = F.nll_loss(model(images[chosen]).log_softmax(1), labels[chosen])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def accuracy(model, images, labels, batch_size=256):
    model.eval()
    with torch.inference_mode():
        parts = [model(part).argmax(1) for part in images.split(batch_size)]
    return (torch.cat(parts) == labels).double().mean().item()
