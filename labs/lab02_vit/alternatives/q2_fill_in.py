"""
question: q2
"""


def embed(patches, cls_token, pos_embed, registers=None):
    """An empty row, filled part by part."""
    B, N, D = patches.shape
    M = 0 if registers is None else registers.shape[1]
    row = patches.new_empty(B, 1 + M + N, D)
    row[:, 0] = cls_token[:, 0] + pos_embed[:, 0]
    if registers is not None:
        row[:, 1 : 1 + M] = registers
    row[:, 1 + M :] = patches + pos_embed[:, 1:]
    return row
