"""
question: q1
"""

import torch
import torch.nn.functional as F


def pair_logits(images, texts, t_prime, bias):
    rows = []
    for x in images:
        row = [t_prime.exp() * F.cosine_similarity(x, y, dim=0) + bias for y in texts]
        rows.append(torch.stack(row))
    return torch.stack(rows)


def sigmoid_loss(images, texts, t_prime, bias):
    """softplus(-a) for a positive pair, softplus(a) for a negative one."""
    logits = pair_logits(images, texts, t_prime, bias)
    loss = 0.0
    for i in range(len(images)):
        for j in range(len(texts)):
            a = -logits[i, j] if i == j else logits[i, j]
            loss = loss + torch.logaddexp(a, torch.zeros_like(a))
    return loss / len(images)
