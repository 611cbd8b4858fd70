"""
question: q4
"""

import torch


class Worker:
    """Keeps its pictures and what it has computed, and works on one parcel."""

    def __init__(self, number, pictures):
        self.number, self.pictures = number, pictures
        self.sums = None

    def work(self, parcel, t_prime, bias, total):
        own = parcel["home"] == self.number
        tile = tile_gradients(self.pictures, parcel["texts"], t_prime, bias, own, total)
        parcel["gradients"] += tile.texts
        mine = [tile.loss, tile.images, tile.t_prime, tile.bias]
        if self.sums is None:
            self.sums = mine
        else:
            self.sums = [a + b for a, b in zip(self.sums, mine)]


def ring_gradients(images, texts, t_prime, bias, ring):
    """Parcels know where they come from; the last hand-over is left out."""
    workers = [Worker(p, pictures) for p, pictures in enumerate(images)]
    total = sum(map(len, images))
    parcels = [
        {"home": p, "texts": chunk, "gradients": torch.zeros_like(chunk)}
        for p, chunk in enumerate(texts)
    ]
    for step in range(len(workers)):
        if step > 0:
            parcels = ring(parcels)
        for worker, parcel in zip(workers, parcels):
            worker.work(parcel, t_prime, bias, total)
    home = sorted(parcels, key=lambda parcel: parcel["home"])
    return [
        Gradients(w.sums[0], w.sums[1], parcel["gradients"], *w.sums[2:])
        for w, parcel in zip(workers, home)
    ]
