"""
question: q3
"""

import torch


def causal_attention(q, k, v):
    """Exponentials of what is left below the diagonal, divided by their sum."""
    scores = torch.einsum("bld,bmd->blm", q, k) * q.size(-1) ** -0.5
    weights = (scores - scores.amax(dim=-1, keepdim=True)).exp().tril()
    weights = weights / weights.sum(dim=-1, keepdim=True)
    return torch.einsum("blm,bmd->bld", weights, v)


def read_text(x, ids):
    """The largest number of the batch is the end token in each of its texts."""
    ends = (ids == ids.max()).int().argmax(dim=1)
    return torch.take_along_dim(x, ends[:, None, None], dim=1).squeeze(1)
