"""
question: q5
"""

import torch


def recall(image, text, owner, k):
    """The rank of the best right answer: how many others are more similar?"""
    similarity = unit(image) @ unit(text).T
    right = owner[None] == torch.arange(len(image))[:, None]
    found = []
    for scores, good in ((similarity, right), (similarity.T, right.T)):
        best = scores.masked_fill(~good, -2.0).amax(dim=1, keepdim=True)
        rank = (scores > best).sum(dim=1)
        found.append((rank < k).double().mean().item())
    return tuple(found)
