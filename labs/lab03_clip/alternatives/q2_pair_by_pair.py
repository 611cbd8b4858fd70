"""
question: q2
"""

import torch


def info_nce(logits):
    """One question after the other, with the largest logit subtracted first."""
    if logits.dtype == torch.float16:
        logits = logits.to(torch.float32)
    total = 0
    for i in range(len(logits)):
        for answers in (logits[i], logits[:, i]):
            top = answers.max().detach()
            total = total + (answers - top).exp().sum().log() - (answers[i] - top)
    return total / (2 * len(logits))


def negative_shares(logits):
    """Each row without its match, filled into a table of zeros."""
    B = len(logits)
    shares = torch.zeros_like(logits)
    for i in range(B):
        others = [j for j in range(B) if j != i]
        shares[i, others] = torch.softmax(logits[i, others], dim=0)
    return shares
