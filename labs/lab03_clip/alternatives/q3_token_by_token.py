"""
question: q3
"""

import torch


def causal_attention(q, k, v):
    """Each token looks at the slice up to itself; no mask is needed."""
    outputs = []
    for place in range(q.shape[1]):
        keys, values = k[:, : place + 1], v[:, : place + 1]
        scores = torch.einsum("bd,bnd->bn", q[:, place], keys) * q.shape[2] ** -0.5
        outputs.append(torch.einsum("bn,bnd->bd", scores.softmax(1), values))
    return torch.stack(outputs, dim=1)


def read_text(x, ids):
    """Text by text, the first place of the largest number."""
    places = [row.index(max(row)) for row in ids.tolist()]
    return torch.stack([tokens[place] for tokens, place in zip(x, places)])
