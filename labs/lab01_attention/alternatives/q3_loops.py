"""
question: q3
"""

import torch


def patchify(images, patch):
    """Cut out one square after the other."""
    H, W = images.shape[-2:]
    found = []
    for top in range(0, H, patch):
        for left in range(0, W, patch):
            square = images[:, :, top : top + patch, left : left + patch]
            found.append(square.flatten(1))
    return torch.stack(found, dim=1)


def unpatchify(patches, patch, grid):
    h, w = grid
    B, _, size = patches.shape
    images = patches.new_zeros(B, size // patch**2, h * patch, w * patch)
    for n in range(h * w):
        top, left = n // w * patch, n % w * patch
        square = patches[:, n].reshape(B, -1, patch, patch)
        images[:, :, top : top + patch, left : left + patch] = square
    return images
