"""
question: q5
"""

import math

import torch


def sincos_2d(grid, width, temperature=10_000.0):
    """Coordinates from meshgrid, frequencies from a logarithm, all in float32."""
    n = width // 4
    rows, columns = torch.meshgrid(
        torch.arange(grid[0]), torch.arange(grid[1]), indexing="ij"
    )
    omega = torch.exp(-math.log(temperature) * torch.arange(n) / n)
    angles = torch.stack((columns, rows)).flatten(1)[..., None] * omega  # (2, N, n)
    waves = torch.cat((angles.sin(), angles.cos()), dim=-1)  # (2, N, 2n)
    return torch.cat((waves[0], waves[1]), dim=-1)


def add_cls_and_positions(tokens, cls_token, pos):
    """A zero row in front of the positions stands for the place that CLS lacks."""
    sequence = torch.cat((cls_token.repeat(len(tokens), 1, 1), tokens), dim=1)
    return sequence + torch.cat((torch.zeros_like(pos[:1]), pos))
