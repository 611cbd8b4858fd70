"""
question: q6
"""

import math

import torch


def naflex_grid(height, width, budget):
    """Halve the interval of scales, as the published implementations do."""

    def grid(scale):
        rows = max(1, math.ceil(scale * height))
        return rows, max(1, math.ceil(scale * width))

    low, high = 0.0, float(budget)
    for _ in range(200):
        middle = (low + high) / 2
        rows, columns = grid(middle)
        if rows * columns <= budget:
            low = middle
        else:
            high = middle
    return grid(low)


def naflex_batch(pictures, patch, budget):
    channels = pictures[0].shape[0]
    tokens = pictures[0].new_zeros(len(pictures), budget, patch * patch * channels)
    mask = torch.zeros(len(pictures), budget, dtype=torch.bool)
    for number, picture in enumerate(pictures):
        h, w = naflex_grid(picture.shape[1], picture.shape[2], budget)
        tokens[number, : h * w] = cut(resize(picture, (h * patch, w * patch)), patch)
        mask[number, : h * w] = True
    return tokens, mask
