"""
question: q2
"""

import torch


def embed(patches, cls_token, pos_embed, registers=None):
    """One image after the other."""
    own, places = pos_embed[0].split([1, patches.shape[1]])
    scratch = patches.new_empty(0, patches.shape[2])
    scratch = scratch if registers is None else registers[0]
    rows = [torch.cat((cls_token[0] + own, scratch, p + places)) for p in patches]
    return torch.stack(rows)
