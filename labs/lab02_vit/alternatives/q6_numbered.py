"""
question: q6
"""

import torch


def order(grid, window, shift):
    """For each token of the windows, its number in the map."""
    h, w = grid
    numbers = torch.arange(h * w).reshape(h, w)
    numbers = torch.cat((numbers[shift:], numbers[:shift]), dim=0)
    numbers = torch.cat((numbers[:, shift:], numbers[:, :shift]), dim=1)
    rows = [part.split(window, dim=1) for part in numbers.split(window, dim=0)]
    return torch.cat([square.flatten() for row in rows for square in row])


def window_partition(x, window, shift=0):
    """One permutation of the tokens."""
    tokens = x.flatten(1, 2)[:, order(x.shape[1:3], window, shift)]
    return tokens.reshape(-1, window**2, x.shape[3])


def window_reverse(windows, window, grid, shift=0):
    """The inverse permutation."""
    h, w = grid
    back = order(grid, window, shift).argsort()
    tokens = windows.reshape(-1, h * w, windows.shape[2])[:, back]
    return tokens.unflatten(1, (h, w))
