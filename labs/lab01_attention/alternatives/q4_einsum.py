"""
question: q4
"""

import torch


def conv_to_linear(weight, channels_last=False):
    D = weight.shape[0]
    return (weight.movedim(1, -1) if channels_last else weight).reshape(D, -1)


def patch_embed(images, weight, bias):
    """The double sum of the formula, without cutting patches first."""
    P = weight.shape[-1]
    cut = images.unflatten(2, (-1, P)).unflatten(4, (-1, P))  # (B, C, h, P, w, P)
    tokens = torch.einsum("bchiwj,dcij->bhwd", cut, weight)
    return tokens.flatten(1, 2) + bias
