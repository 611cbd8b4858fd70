"""
question: q4
"""

import torch
import torch.nn.functional as F


def conv_to_linear(weight, channels_last=False):
    D, C, P, _ = weight.shape
    if not channels_last:
        return weight.reshape(D, C * P * P)
    columns = [weight[:, c, i, j] for i in range(P) for j in range(P) for c in range(C)]
    return sum(
        F.one_hot(torch.tensor(n), len(columns)) * column[:, None]
        for n, column in enumerate(columns)
    )


def patch_embed(images, weight, bias):
    """Patches flattened as (row, column, channel), and weights to match."""
    B, C, H, W = images.shape
    P = weight.shape[-1]
    x = images.reshape(B, C, H // P, P, W // P, P).permute(0, 2, 4, 3, 5, 1)
    return F.linear(x.reshape(B, -1, P * P * C), conv_to_linear(weight, True), bias)
