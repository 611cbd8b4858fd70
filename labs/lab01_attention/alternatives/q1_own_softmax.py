"""
question: q1
"""

import math

import torch


def attention(q, k, v, mask=None):
    """Queries scaled first, the softmax by hand in float64, masked as a product."""
    dtype = q.dtype
    q, k, v = q.double(), k.double(), v.double()
    scores = (q / math.sqrt(q.shape[-1])) @ k.mT
    allowed = torch.ones_like(scores) if mask is None else mask.expand(scores.shape)
    top = scores.masked_fill(allowed == 0, -math.inf).amax(-1, keepdim=True)
    weights = torch.exp((scores - top).clamp(max=0)) * allowed
    weights = weights / weights.sum(-1, keepdim=True)
    return (weights @ v).to(dtype), weights.to(dtype)
