"""
question: q6
"""

import torch


def window_partition(x, window, shift=0):
    """Cut out one square after the other; indices wrap around."""
    h, w = x.shape[1:3]
    found = []
    for image in x:
        for top in range(0, h, window):
            for left in range(0, w, window):
                rows = (torch.arange(top, top + window) + shift) % h
                columns = (torch.arange(left, left + window) + shift) % w
                found.append(image[rows][:, columns].flatten(0, 1))
    return torch.stack(found)


def window_reverse(windows, window, grid, shift=0):
    """Put each token back to where it was."""
    h, w = grid
    number = (h // window) * (w // window)
    x = windows.new_zeros(len(windows) // number, h, w, windows.shape[2])
    for n, tokens in enumerate(windows):
        image, place = divmod(n, number)
        top, left = (part * window for part in divmod(place, w // window))
        for m, token in enumerate(tokens):
            i, j = divmod(m, window)
            x[image, (top + i + shift) % h, (left + j + shift) % w] = token
    return x
