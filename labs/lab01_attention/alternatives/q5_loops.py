"""
question: q5
"""

import math

import torch


def sincos_2d(grid, width, temperature=10_000.0):
    """Number by number, as in the formula."""
    n = width // 4
    omega = [temperature ** (-k / n) for k in range(n)]
    table = [
        [f(p * o) for p in (x, y) for f in (math.sin, math.cos) for o in omega]
        for y in range(grid[0])
        for x in range(grid[1])
    ]
    return torch.tensor(table)


def add_cls_and_positions(tokens, cls_token, pos):
    B, N, D = tokens.shape
    sequence = tokens.new_empty(B, N + 1, D)
    sequence[:, 0] = cls_token[0, 0]
    sequence[:, 1:] = tokens + pos
    return sequence
