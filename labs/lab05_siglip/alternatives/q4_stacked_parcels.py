"""
question: q4
"""

import torch


def ring_gradients(images, texts, t_prime, bias, ring):
    """A parcel is one tensor: texts and gradients on top of each other."""
    N = sum(x.shape[0] for x in images)
    parcels = [torch.stack((words, torch.zeros_like(words))) for words in texts]
    sums = [None] * len(images)
    for step in range(len(images)):
        for p, parcel in enumerate(parcels):
            tile = tile_gradients(images[p], parcel[0], t_prime, bias, not step, N)
            parcel[1] += tile.texts
            found = (tile.loss, tile.images, tile.t_prime, tile.bias)
            old = sums[p] or (0, 0, 0, 0)
            sums[p] = tuple(a + b for a, b in zip(old, found))
        parcels = ring(parcels)
    return [
        Gradients(loss, pictures, parcel[1], scale, of_bias)
        for (loss, pictures, scale, of_bias), parcel in zip(sums, parcels)
    ]
