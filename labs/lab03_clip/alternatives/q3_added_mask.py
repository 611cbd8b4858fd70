"""
question: q3
"""

import torch


def causal_attention(q, k, v):
    """A mask that is added: 0 where one may look, minus infinity elsewhere."""
    L = q.shape[1]
    mask = torch.full((L, L), float("-inf"), dtype=q.dtype).triu(diagonal=1)
    scores = torch.baddbmm(mask.expand(len(q), L, L), q, k.mT, alpha=q.shape[2] ** -0.5)
    return torch.bmm(torch.softmax(scores, -1), v)


def read_text(x, ids):
    """One-hot rows that pick a token each."""
    largest = ids == ids.amax(dim=1, keepdim=True)
    first = largest & (largest.cumsum(dim=1) == 1)
    return (first[..., None] * x).sum(dim=1)
