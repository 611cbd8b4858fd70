"""
question: q1
"""

import torch


def attention(q, k, v, mask=None):
    """Einstein sums, and a very negative number instead of -inf."""
    scores = torch.einsum("...id,...jd->...ij", q, k) * q.shape[-1] ** -0.5
    if mask is not None:
        scores = torch.where(mask, scores, torch.finfo(scores.dtype).min)
    weights = scores.softmax(-1)
    return torch.einsum("...ij,...jd->...id", weights, v), weights
