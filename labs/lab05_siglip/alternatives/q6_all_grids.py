"""
question: q6
"""

import math
from fractions import Fraction

import torch
from torch import nn


def naflex_grid(height, width, budget):
    """Every grid within the budget, and the largest scale that leads to it."""
    best, found = Fraction(0), (1, 1)
    for rows in range(1, budget + 1):
        for columns in range(1, budget // rows + 1):
            # The largest scale that needs no more rows and no more columns
            scale = min(Fraction(rows, height), Fraction(columns, width))
            needed = math.ceil(scale * height), math.ceil(scale * width)
            if scale > best:
                best, found = scale, needed
    return found


def naflex_batch(pictures, patch, budget):
    rows = []
    for picture in pictures:
        h, w = naflex_grid(*picture.shape[-2:], budget)
        rows.append(cut(resize(picture, (patch * h, patch * w)), patch))
    lengths = torch.tensor([len(row) for row in rows])
    full = nn.utils.rnn.pad_sequence(
        [*rows, rows[0].new_zeros(budget, rows[0].shape[1])], batch_first=True
    )
    return full[:-1], torch.arange(budget)[None] < lengths[:, None]
